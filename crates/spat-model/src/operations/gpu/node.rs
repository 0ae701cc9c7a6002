//! GPU operations as nodes of Burn's autodiff graph.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::{Autodiff, AutodiffBackend};
use burn::tensor::{Shape, Tensor};
use spat_gpu::{Buffer, Gpu};

/// An input of an operation: its values and its node in the graph.
#[derive(Debug)]
pub(super) struct Operand {
    pub(super) values: Buffer,
    shape: Shape,
    node: Option<NodeGuard>,
    tracked: bool,
}

impl Operand {
    /// The tensor, if it is on a GPU.
    pub(super) fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        let shape = tensor.shape();
        let (values, node, tracked) = if tensor.is_autodiff() {
            let tensor = tensor.clone().try_into_primitive::<Autodiff<Gpu>>().ok()?;
            let tracked = tensor.is_tracked();
            let (values, node) = tensor.into_parts();
            (values, Some(node), tracked)
        } else {
            (
                tensor.clone().try_into_primitive::<Gpu>().ok()?,
                None,
                false,
            )
        };
        Some(Self {
            values: Buffer::of(values)?,
            shape,
            node,
            tracked,
        })
    }

    /// Placeholder for an optional input.
    pub(super) fn absent(other: &Self) -> Self {
        Self {
            values: other.values.allocate_like(1),
            shape: Shape::new([1]),
            node: None,
            tracked: false,
        }
    }

    /// Whether its gradient is needed.
    pub(super) fn is_tracked(&self) -> bool {
        self.tracked
    }

    /// Whether it belongs to a graph.
    pub(super) fn is_autodiff(&self) -> bool {
        self.node.is_some()
    }
}

/// The saved state of an operation with N inputs.
pub(super) trait Saved<const N: usize>: Clone + Debug + Send + 'static {
    /// Gradients of the inputs, at least of those `wanted`, from that of the output.
    fn gradients(&self, gradient: &Buffer, wanted: [bool; N]) -> [Option<Buffer>; N];
}

/// A detached tensor, on an autodiff device if `autodiff` is set.
pub(super) fn constant<const D: usize>(
    values: Buffer,
    shape: [usize; D],
    autodiff: bool,
) -> Tensor<D> {
    let values = values.tensor(shape);
    if autodiff {
        Tensor::from_primitive::<Autodiff<Gpu>>(Autodiff::<Gpu>::from_inner(values))
    } else {
        Tensor::from_primitive::<Gpu>(values)
    }
}

/// The output of an operation as a tensor with its node in the graph.
pub(super) fn output<const N: usize, const D: usize, S: Saved<N>>(
    operands: [Operand; N],
    values: Buffer,
    shape: [usize; D],
    saved: S,
) -> Tensor<D> {
    let values = values.tensor(shape);
    if operands.iter().all(|operand| operand.node.is_none()) {
        return Tensor::from_primitive::<Gpu>(values);
    }
    let shapes = operands.each_ref().map(|operand| operand.shape.clone());
    let nodes = operands.map(|operand| {
        operand.node.unwrap_or_else(|| {
            Autodiff::<Gpu>::from_inner(operand.values.tensor(operand.shape))
                .into_parts()
                .1
        })
    });
    let node = Node::<S>(PhantomData);
    let tensor = match node
        .prepare::<NoCheckpointing>(nodes)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(operation) => operation.finish((saved, shapes), values),
        OpsKind::UnTracked(operation) => operation.finish(values),
    };
    Tensor::from_primitive::<Autodiff<Gpu>>(tensor)
}

#[derive(Debug)]
struct Node<S>(PhantomData<S>);

impl<const N: usize, S: Saved<N>> Backward<Gpu, N> for Node<S> {
    type State = (S, [Shape; N]);

    fn backward(
        self,
        operation: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        // The graph of f32 tensors holds f32 only.
        let Some(gradient) = Buffer::of(gradients.consume::<Gpu>(&operation.node)) else {
            return;
        };
        let (saved, shapes) = operation.state;
        let wanted = operation.parents.each_ref().map(Option::is_some);
        let of_inputs = saved.gradients(&gradient, wanted);
        for ((parent, values), shape) in operation.parents.into_iter().zip(of_inputs).zip(shapes) {
            if let (Some(parent), Some(values)) = (parent, values) {
                gradients.register::<Gpu>(parent.id, values.tensor(shape));
            }
        }
    }
}
