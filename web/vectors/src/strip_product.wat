;; Sums of products over tiles of 4 × 8 with fused multiply-add: `strip_product` of
;; `spat-cpu/src/portable_product.rs`, in instructions that only some browsers have.
;;
;;   sums[t][i][j] = Σ_d a[t][d][i] · b[d][j]      t < tiles, d < depth, i < 4, j < 8
;;
;; Hand-written, without calls of other functions: it stores nothing but the sums, so it can use the memory
;; of the calling module.
(module
  (import "kernels" "memory" (memory 1))
  (func (export "strip_product")
    (param $a i32) (param $b i32) (param $sums i32) (param $depth i32) (param $tiles i32)
    (local $row_of_b i32) (local $end i32)
    (local $b_left v128) (local $b_right v128) (local $a_value v128)
    ;; The tile's four rows, each in two halves of four columns: with the three above, eleven of the
    ;; sixteen registers that common CPUs have at least.
    (local $left_0 v128) (local $right_0 v128)
    (local $left_1 v128) (local $right_1 v128)
    (local $left_2 v128) (local $right_2 v128)
    (local $left_3 v128) (local $right_3 v128)
    (local.set $end (i32.add (local.get $b) (i32.shl (local.get $depth) (i32.const 5))))
    (block $done
      (loop $tile
        (br_if $done (i32.eqz (local.get $tiles)))
        (local.set $left_0 (v128.const i32x4 0 0 0 0))
        (local.set $right_0 (v128.const i32x4 0 0 0 0))
        (local.set $left_1 (v128.const i32x4 0 0 0 0))
        (local.set $right_1 (v128.const i32x4 0 0 0 0))
        (local.set $left_2 (v128.const i32x4 0 0 0 0))
        (local.set $right_2 (v128.const i32x4 0 0 0 0))
        (local.set $left_3 (v128.const i32x4 0 0 0 0))
        (local.set $right_3 (v128.const i32x4 0 0 0 0))
        (local.set $row_of_b (local.get $b))
        (block $summed
          (loop $next_depth
            (br_if $summed (i32.ge_u (local.get $row_of_b) (local.get $end)))
            (local.set $b_left (v128.load (local.get $row_of_b)))
            (local.set $b_right (v128.load offset=16 (local.get $row_of_b)))

            (local.set $a_value (v128.load32_splat (local.get $a)))
            (local.set $left_0 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_left) (local.get $left_0)))
            (local.set $right_0 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_right) (local.get $right_0)))

            (local.set $a_value (v128.load32_splat offset=4 (local.get $a)))
            (local.set $left_1 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_left) (local.get $left_1)))
            (local.set $right_1 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_right) (local.get $right_1)))

            (local.set $a_value (v128.load32_splat offset=8 (local.get $a)))
            (local.set $left_2 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_left) (local.get $left_2)))
            (local.set $right_2 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_right) (local.get $right_2)))

            (local.set $a_value (v128.load32_splat offset=12 (local.get $a)))
            (local.set $left_3 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_left) (local.get $left_3)))
            (local.set $right_3 (f32x4.relaxed_madd (local.get $a_value) (local.get $b_right) (local.get $right_3)))

            (local.set $a (i32.add (local.get $a) (i32.const 16)))
            (local.set $row_of_b (i32.add (local.get $row_of_b) (i32.const 32)))
            (br $next_depth)))
        (v128.store (local.get $sums) (local.get $left_0))
        (v128.store offset=16 (local.get $sums) (local.get $right_0))
        (v128.store offset=32 (local.get $sums) (local.get $left_1))
        (v128.store offset=48 (local.get $sums) (local.get $right_1))
        (v128.store offset=64 (local.get $sums) (local.get $left_2))
        (v128.store offset=80 (local.get $sums) (local.get $right_2))
        (v128.store offset=96 (local.get $sums) (local.get $left_3))
        (v128.store offset=112 (local.get $sums) (local.get $right_3))
        (local.set $sums (i32.add (local.get $sums) (i32.const 128)))
        (local.set $tiles (i32.sub (local.get $tiles) (i32.const 1)))
        (br $tile)))))
