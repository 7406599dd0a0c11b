// tfjs-core's Node entry registers no gradients. The second import does; the
// build bundles it because Node cannot load its extensionless imports. The
// first makes sure that the engine and its tensors are those of the entry.
import "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
