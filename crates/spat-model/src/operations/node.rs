//! CPU operations as nodes of Burn's autodiff graph.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, AutodiffBackend, Flex};
use burn::tensor::{DType, Shape, Tensor, TensorData};

/// An input of an operation: values in row-major order, and its node in the graph.
#[derive(Debug)]
pub(crate) struct Operand {
    values: FlexTensor,
    shape: Shape,
    node: Option<NodeGuard>,
}

impl Operand {
    /// The tensor, if it is on the CPU and f32.
    pub(crate) fn of<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        let shape = tensor.shape();
        let (values, node) = if tensor.is_autodiff() {
            let (values, node) = tensor
                .try_into_primitive::<Autodiff<Flex>>()
                .ok()?
                .into_parts();
            (values, Some(node))
        } else {
            (tensor.try_into_primitive::<Flex>().ok()?, None)
        };
        if values.dtype() != DType::F32 {
            return None;
        }
        Some(Self {
            values: values.to_contiguous(),
            shape,
            node,
        })
    }

    /// Placeholder for an optional input.
    pub(crate) fn absent() -> Self {
        let shape = Shape::new([0]);
        Self {
            values: FlexTensor::from_data(TensorData::new(Vec::<f32>::new(), [0])),
            shape,
            node: None,
        }
    }

    /// Its values, to be saved.
    pub(crate) fn values(&self) -> Values {
        Values(self.values.clone())
    }
}

/// Values saved for the backward pass; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Values(FlexTensor);

impl Values {
    pub(crate) fn slice(&self) -> &[f32] {
        // `Operand::of` accepts f32 only, and made the values contiguous.
        self.0.as_slice().unwrap_or_default()
    }
}

/// Whether any of them may need a gradient.
pub(crate) fn is_tracked(operands: &[Operand]) -> bool {
    operands.iter().any(|operand| operand.node.is_some())
}

/// A detached tensor on the CPU, with autodiff if requested.
pub(crate) fn plain_tensor<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    is_autodiff: bool,
) -> Tensor<D> {
    let values = FlexTensor::from_data(TensorData::new(values, shape));
    let tensor = Tensor::from_primitive::<Flex>(values);
    if is_autodiff {
        Tensor::from_inner(tensor)
    } else {
        tensor
    }
}

/// The saved state of an operation with N inputs.
pub(crate) trait Saved<const N: usize>: Clone + Debug + Send + 'static {
    /// Gradients of the inputs, at least of those `wanted`, from that of the output.
    fn gradients(&self, gradient: &[f32], wanted: [bool; N]) -> [Option<Vec<f32>>; N];
}

/// The output of an operation as a tensor with its node in the graph.
pub(crate) fn output<const N: usize, const D: usize, S: Saved<N>>(
    operands: [Operand; N],
    values: Vec<f32>,
    shape: [usize; D],
    saved: S,
) -> Tensor<D> {
    let values = FlexTensor::from_data(TensorData::new(values, shape));
    if !is_tracked(&operands) {
        return Tensor::from_primitive::<Flex>(values);
    }
    let shapes = operands.each_ref().map(|operand| operand.shape.clone());
    let nodes = operands.map(|operand| {
        operand
            .node
            .unwrap_or_else(|| Autodiff::<Flex>::from_inner(operand.values).into_parts().1)
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
    Tensor::from_primitive::<Autodiff<Flex>>(tensor)
}

#[derive(Debug)]
struct Node<S>(PhantomData<S>);

impl<const N: usize, S: Saved<N>> Backward<Flex, N> for Node<S> {
    type State = (S, [Shape; N]);

    fn backward(
        self,
        operation: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = Values(gradients.consume::<Flex>(&operation.node).to_contiguous());
        let (saved, shapes) = operation.state;
        let wanted = operation.parents.each_ref().map(Option::is_some);
        let of_inputs = saved.gradients(gradient.slice(), wanted);
        for ((parent, values), shape) in operation.parents.into_iter().zip(of_inputs).zip(shapes) {
            if let (Some(parent), Some(values)) = (parent, values) {
                let values = FlexTensor::from_data(TensorData::new(values, shape));
                gradients.register::<Flex>(parent.id, values);
            }
        }
    }
}
