// tfjs-core's Node entry registers no gradients. This import does, and the
// build bundles it because Node cannot load its extensionless imports.
import "@tensorflow/tfjs-core/dist/register_all_gradients";
