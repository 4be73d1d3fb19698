using static TorchSharp.torch;

namespace NoProp.Models.Embeddings;

/// <summary>The fixed label embedding W = I: u_y is the y-th unit vector, d = m.</summary>
public static class OneHot
{
    /// <summary>W, float32 [classes, classes].</summary>
    public static Tensor Create(int classes) => eye(classes, dtype: ScalarType.Float32).DetachFromDisposeScope();
}
