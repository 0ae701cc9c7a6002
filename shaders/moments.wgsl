// Mean and spread of values of any magnitude, merged pairwise (Chan, Golub, LeVeque 1979).
//
// Squares of values near 1e-20 would underflow in f32, so all fields are in units of the largest magnitude,
// as in nrm2 of BLAS.

struct Moments {
    count: f32,
    // Largest magnitude; the unit of the other fields.
    scale: f32,
    mean: f32,
    // Sum of squared deviations from the mean.
    squares: f32,
}

// The same moments in a larger unit.
fn moments_in(own: Moments, scale: f32) -> Moments {
    if scale <= own.scale {
        return own;
    }
    let ratio = own.scale / scale;
    return Moments(own.count, scale, own.mean * ratio, own.squares * ratio * ratio);
}

fn merge_moments(left: Moments, right: Moments) -> Moments {
    if left.count == 0.0 {
        return right;
    }
    if right.count == 0.0 {
        return left;
    }
    let scale = max(left.scale, right.scale);
    let a = moments_in(left, scale);
    let b = moments_in(right, scale);
    let count = a.count + b.count;
    let delta = b.mean - a.mean;
    return Moments(
        count,
        scale,
        a.mean + delta * (b.count / count),
        a.squares + b.squares + delta * delta * (a.count * (b.count / count)),
    );
}

var<workgroup> shared_moments: array<Moments, WORKGROUP>;

// The moments of all threads of a workgroup; every thread calls this.
fn workgroup_moments(thread: u32, own: Moments) -> Moments {
    shared_moments[thread] = own;
    workgroupBarrier();
    for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
        if thread < reach {
            shared_moments[thread] =
                merge_moments(shared_moments[thread], shared_moments[thread + reach]);
        }
        workgroupBarrier();
    }
    return shared_moments[0];
}
