//! Labels at the ends of lines, moved apart where lines end close together.

/// Least distance of two base lines in pixels.
const GAP: f64 = 15.0;

/// For each requested height, in the order given, a nearby one that keeps the distance to the others and,
/// if there is room, stays between `top` and `bottom`.
pub(crate) fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut placed = wanted.to_vec();
    let mut free_from = top;
    for &i in &order {
        placed[i] = placed[i].max(free_from);
        free_from = placed[i] + GAP;
    }
    let mut free_to = bottom;
    for &i in order.iter().rev() {
        placed[i] = placed[i].min(free_to);
        free_to = placed[i] - GAP;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_order_and_distance() {
        let placed = apart(&[50.0, 48.0, 49.0, 200.0], 0.0, 100.0);
        assert!(placed[1] < placed[2] && placed[2] < placed[0] && placed[0] < placed[3]);
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(
            sorted
                .windows(2)
                .all(|pair| pair[1] - pair[0] >= GAP - 1e-9)
        );
        assert!(placed[3] <= 100.0);
    }
}
