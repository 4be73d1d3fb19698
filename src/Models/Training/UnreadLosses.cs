using System.Collections.Immutable;
using System.Runtime.InteropServices;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace NoProp.Models.Training;

/// <summary>
/// Losses of steps that nobody has read yet. Those on the CPU are numbers at once; those on another device stay there, because to read one is
/// to wait until its step is trained.
/// </summary>
internal sealed class UnreadLosses : IDisposable
{
    private readonly ImmutableArray<StepLoss>.Builder here = ImmutableArray.CreateBuilder<StepLoss>();
    private readonly List<Tensor> there = [];

    /// <summary>Takes the losses of a step. The caller's scope may end.</summary>
    /// <param name="loss">The loss, a single float32.</param>
    /// <param name="error">The comparable error, a single float32 beside it.</param>
    public void Add(Tensor loss, Tensor error)
    {
        if (loss.device_type == DeviceType.CPU)
        {
            here.Add(new(loss.item<float>(), error.item<float>()));
        }
        else
        {
            there.Add(loss.detach().DetachFromDisposeScope());
            there.Add(error.detach().DetachFromDisposeScope());
        }
    }

    /// <summary>Takes the losses of a step whose gradient is wanted on the CPU: from another device all comes in one transfer.</summary>
    /// <param name="gradient">float32 [n].</param>
    /// <param name="loss">The loss, a single float32.</param>
    /// <param name="error">The comparable error, a single float32 beside it.</param>
    /// <returns>The gradient, n values.</returns>
    public ImmutableArray<float> AddWith(Tensor gradient, Tensor loss, Tensor error)
    {
        if (loss.device_type == DeviceType.CPU)
        {
            Add(loss, error);
            return ImmutableCollectionsMarshal.AsImmutableArray(gradient.Floats());
        }

        using Tensor all = cat([gradient, loss.detach().reshape(1), error.detach().reshape(1)]);
        float[] values = all.Floats();
        here.Add(new(values[^2], values[^1]));
        return ImmutableArray.Create(values, 0, values.Length - 2);
    }

    /// <summary>All of them in their order, read in one transfer; from now on there are none.</summary>
    public ImmutableArray<StepLoss> Read()
    {
        if (there.Count > 0)
        {
            using Tensor all = stack(there);
            float[] values = all.Floats();
            for (int i = 0; i < values.Length; i += 2)
            {
                here.Add(new(values[i], values[i + 1]));
            }

            Dispose();
        }

        ImmutableArray<StepLoss> losses = here.ToImmutable();
        here.Clear();
        return losses;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        there.ForEach(loss => loss.Dispose());
        there.Clear();
    }
}
