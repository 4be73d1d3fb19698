using NoProp.Models.Networks;
using static TorchSharp.torch;

namespace NoProp.Models.Diffusion;

/// <summary>
/// The parameters of a <see cref="LearnedSchedule"/> as tensors: those of the set that declared them, or copies of one version of them.
/// They are unbounded; what must be positive is the softplus of what is kept here.
/// </summary>
/// <param name="InputWeights">Weights of the hidden layer before softplus, [hidden].</param>
/// <param name="InputBiases">Biases of the hidden layer, [hidden].</param>
/// <param name="OutputWeights">Weights of the output before softplus, [hidden]. Its bias would cancel in g(t).</param>
/// <param name="Gamma0">gamma_0 = gamma(1), the lower end point, [1].</param>
/// <param name="Span">gamma_1 - gamma_0 before softplus, [1].</param>
public sealed record LearnedScheduleParameters(
    Tensor InputWeights, Tensor InputBiases, Tensor OutputWeights, Tensor Gamma0, Tensor Span)
{
    /// <summary>Number of tensors.</summary>
    public const int Count = 5;

    /// <summary>The tensors in the order of their declaration.</summary>
    /// <exception cref="ArgumentException">There are not five.</exception>
    public static LearnedScheduleParameters From(IReadOnlyList<Tensor> tensors) => tensors switch
    {
        [Tensor inputWeights, Tensor inputBiases, Tensor outputWeights, Tensor gamma0, Tensor span] =>
            new(inputWeights, inputBiases, outputWeights, gamma0, span),
        _ => throw new ArgumentException($"a learned schedule has {Count} parameters, these are {tensors.Count}", nameof(tensors)),
    };

    /// <summary>The values that a built <see cref="ParameterSet"/> holds for them.</summary>
    /// <exception cref="ArgumentException">There are not five.</exception>
    public static LearnedScheduleParameters From(IEnumerable<Parameter> declared) => From([.. declared.Select(parameter => parameter.Value)]);

    /// <summary>The tensors in the order of their declaration.</summary>
    public IReadOnlyList<Tensor> ToList() => [InputWeights, InputBiases, OutputWeights, Gamma0, Span];
}
