//! One sort for everything that is put in order. The standard library's is compiled anew for every type
//! and every comparison, four kilobytes each time, which the page's module has no room for.

use std::cmp::Ordering;

/// The places `0..count` in the order of `compare`; of equals the first stays first.
pub fn ordered(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

/// The items in the order of `compare`; of equals the first stays first.
pub fn sorted<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let order = ordered(items.len(), &|a, b| compare(&items[a], &items[b]));
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    let taken = order.into_iter().filter_map(|place| items[place].take());
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_keep_their_order() {
        let words = vec!["pear", "fig", "plum", "nut", "kiwi"];
        let by_length = |a: &&str, b: &&str| a.len().cmp(&b.len());
        assert_eq!(
            sorted(words, by_length),
            ["fig", "nut", "pear", "plum", "kiwi"]
        );
        assert_eq!(ordered(3, &|a, b| b.cmp(&a)), [2, 1, 0]);
        assert!(sorted(Vec::<u8>::new(), Ord::cmp).is_empty());
    }
}
