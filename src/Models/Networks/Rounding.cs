using static TorchSharp.torch;

namespace NoProp.Models.Networks;

/// <summary>How tensors go into a product and come out of it. Gradients go the same way back, and so reach a weight as float32.</summary>
internal static class Rounding
{
    /// <summary>A float32 tensor as a product takes it.</summary>
    public static Tensor AsFactor(this Tensor tensor, Precision precision) => precision == Precision.Bf16 ? tensor.to(ScalarType.BFloat16) : tensor;

    /// <summary>A product as all else takes it: float32.</summary>
    public static Tensor FromProduct(this Tensor tensor, Precision precision) => precision == Precision.Bf16 ? tensor.to(ScalarType.Float32) : tensor;
}
