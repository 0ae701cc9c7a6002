// The bench's iTransformer in TensorFlow.js: the same shapes and operations as `spat-model`
// (arXiv 2310.06625), trained by the same optimiser on random numbers.
/* global tf */

const LOOKBACK = 96, HORIZON = 96, CHANNELS = 7, MARKS = 4;
const WIDTH = 128, HEADS = 8, LAYERS = 2, BATCH = 32, DROPOUT = 0.1;
const TOKENS = CHANNELS + MARKS;

function linear(from, to) {
  const bound = 1 / Math.sqrt(from);
  return {
    w: tf.variable(tf.randomUniform([from, to], -bound, bound)),
    b: tf.variable(tf.randomUniform([to], -bound, bound)),
  };
}

const norm = () => ({ scale: tf.variable(tf.ones([WIDTH])), shift: tf.variable(tf.zeros([WIDTH])) });

function layer() {
  return {
    q: linear(WIDTH, WIDTH), k: linear(WIDTH, WIDTH), v: linear(WIDTH, WIDTH), o: linear(WIDTH, WIDTH),
    up: linear(WIDTH, WIDTH), down: linear(WIDTH, WIDTH), first: norm(), second: norm(),
  };
}

/** Tokens lie flat, `[batch · tokens, width]`, so that every product is one matrix product. */
const apply = (x, { w, b }) => tf.add(tf.matMul(x, w), b);

function normalised(x, { scale, shift }) {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), scale), shift);
}

const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.div(x, Math.SQRT2))));

const heads = (x) =>
  tf.transpose(tf.reshape(x, [BATCH, TOKENS, HEADS, WIDTH / HEADS]), [0, 2, 1, 3]);

function attention(x, l) {
  const scores = tf.div(
    tf.matMul(heads(apply(x, l.q)), heads(apply(x, l.k)), false, true),
    Math.sqrt(WIDTH / HEADS),
  );
  const mixed = tf.matMul(tf.dropout(tf.softmax(scores), DROPOUT), heads(apply(x, l.v)));
  const flat = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [BATCH * TOKENS, WIDTH]);
  return apply(flat, l.o);
}

/** A model, and a step that trains it once and answers with the loss. */
export function itransformer() {
  const embed = linear(LOOKBACK, WIDTH), project = linear(WIDTH, HORIZON), last = norm();
  const layers = Array.from({ length: LAYERS }, layer);
  const optimizer = tf.train.adam(1e-4);
  const inputs = tf.randomNormal([BATCH, LOOKBACK, CHANNELS]);
  const marks = tf.randomNormal([BATCH, LOOKBACK, MARKS]);
  const target = tf.randomNormal([BATCH, HORIZON, CHANNELS]);

  const loss = () => {
    const { mean, variance } = tf.moments(inputs, 1, true);
    const deviation = tf.sqrt(tf.add(variance, 1e-5));
    const scaled = tf.concat([tf.div(tf.sub(inputs, mean), deviation), marks], 2);
    const rows = tf.reshape(tf.transpose(scaled, [0, 2, 1]), [BATCH * TOKENS, LOOKBACK]);
    let x = tf.dropout(apply(rows, embed), DROPOUT);
    for (const l of layers) {
      x = normalised(tf.add(x, tf.dropout(attention(x, l), DROPOUT)), l.first);
      const inner = tf.dropout(gelu(apply(x, l.up)), DROPOUT);
      x = normalised(tf.add(x, tf.dropout(apply(inner, l.down), DROPOUT)), l.second);
    }
    const out = tf.reshape(apply(normalised(x, last), project), [BATCH, TOKENS, HORIZON]);
    const forecast = tf.transpose(tf.slice(out, [0, 0, 0], [BATCH, CHANNELS, HORIZON]), [0, 2, 1]);
    const unscaled = tf.add(tf.mul(forecast, deviation), mean);
    return tf.mean(tf.square(tf.sub(unscaled, target)));
  };
  return async () => {
    const value = optimizer.minimize(loss, true);
    const number = (await value.data())[0];
    value.dispose();
    return number;
  };
}
