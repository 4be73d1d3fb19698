using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Native;

/// <summary>
/// Arithmetic of tensors with numbers. TorchSharp hands the native handle of a Scalar over without keeping the Scalar alive, so one made by
/// an implicit conversion can be finalised while libtorch reads it: a rare "Unknown scalar type", or a wrong number. These hold it until
/// the call returns. What converts implicitly, here or inside TorchSharp (a + b is add(a, b, 1)), is banned (BannedSymbols.txt).
/// </summary>
internal static class ScalarArithmetic
{
    private static readonly Scalar One = 1.ToScalar();

    /// <summary>tensor + other.</summary>
    public static Tensor Plus(this Tensor tensor, Tensor other) => tensor.add(other, One);

    /// <summary>1 - tensor.</summary>
    public static Tensor OneMinus(this Tensor tensor) => tensor.neg().add(One, One);

    /// <summary>log(1 + exp(tensor)). TorchSharp's own softplus converts its two numbers implicitly.</summary>
    public static Tensor Softplus(this Tensor tensor) => tensor.neg().log_sigmoid().neg();

    /// <summary>tensor^2.</summary>
    public static Tensor Squared(this Tensor tensor) => tensor.mul(tensor);

    /// <summary>tensor * factor.</summary>
    public static Tensor Times(this Tensor tensor, double factor)
    {
        using Scalar scalar = factor.ToScalar();
        return tensor.mul(scalar);
    }

    /// <summary>tensor *= factor.</summary>
    public static Tensor TimesInPlace(this Tensor tensor, double factor)
    {
        using Scalar scalar = factor.ToScalar();
        return tensor.mul_(scalar);
    }

    /// <summary>tensor + term.</summary>
    public static Tensor Plus(this Tensor tensor, double term)
    {
        using Scalar scalar = term.ToScalar();
        return tensor.add(scalar, One);
    }

    /// <summary>tensor + factor * other.</summary>
    public static Tensor Plus(this Tensor tensor, double factor, Tensor other)
    {
        using Scalar scalar = factor.ToScalar();
        return tensor.add(other, scalar);
    }

    /// <summary>tensor += term.</summary>
    public static Tensor PlusInPlace(this Tensor tensor, double term)
    {
        using Scalar scalar = term.ToScalar();
        return tensor.add_(scalar, One);
    }

    /// <summary>tensor += factor * other.</summary>
    public static Tensor PlusInPlace(this Tensor tensor, double factor, Tensor other)
    {
        using Scalar scalar = factor.ToScalar();
        return tensor.add_(other, scalar);
    }

    /// <summary>tensor += factor * a * b.</summary>
    public static Tensor PlusProductInPlace(this Tensor tensor, double factor, Tensor a, Tensor b)
    {
        using Scalar scalar = factor.ToScalar();
        return tensor.addcmul_(a, b, scalar);
    }

    /// <summary>tensor += factor * a / b.</summary>
    public static Tensor PlusQuotientInPlace(this Tensor tensor, double factor, Tensor a, Tensor b)
    {
        using Scalar scalar = factor.ToScalar();
        return tensor.addcdiv_(a, b, scalar);
    }

    /// <summary>tensor = value, everywhere.</summary>
    public static Tensor FillInPlace(this Tensor tensor, double value)
    {
        using Scalar scalar = value.ToScalar();
        return tensor.fill_(scalar);
    }
}
