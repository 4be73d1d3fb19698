using System.Globalization;
using NoProp.Models.Embeddings;
using NoProp.Models.Methods;
using static NoProp.Actors.Hosting.SettingsTable;

namespace NoProp.Actors.Hosting;

/// <summary>Slots and the devices that they are on.</summary>
internal sealed partial class SettingsBuilder
{
    /// <summary>The slots of a machine with so many devices, on all and on each; null for what is not said.</summary>
    /// <exception cref="SettingsException">They contradict each other.</exception>
    private (int? All, int? PerDevice) SlotsOf(int devices)
    {
        int? all = Get(Slots) is > 0 and int slots ? slots : null;
        int? each = Get(SlotsPerDevice);
        if (all is null || (each is null ? all % devices == 0 : all == each * devices))
        {
            return (all, each);
        }

        // A file, a run's for example, may have been written on another machine.
        if (!IsAsked(Slots) && (IsAsked(SettingsTable.Devices) || IsAsked(SlotsPerDevice)))
        {
            return (null, each);
        }

        if (IsAsked(Slots) && !IsAsked(SlotsPerDevice) && all % devices == 0)
        {
            return (all, null);
        }

        throw Fault(Slots, string.Create(CultureInfo.InvariantCulture, $"must be {(each is null ? "a multiple of" : $"{each * devices}, {each} for each of")} {devices} devices: leave it out, or change {(each is null ? SettingsTable.Devices.Path : SlotsPerDevice.Path)}"));
    }

    /// <summary>Whether the blocks on a device are trained together; null for where it suits.</summary>
    /// <exception cref="SettingsException">They are to be, and cannot be.</exception>
    private bool? Stacked(TrainingSettings training) => Get(SettingsTable.Stack) is not true ? Get(SettingsTable.Stack) : training switch
    {
        { Method: not MethodKind.Dt } => throw Fault(SettingsTable.Stack, $"must be auto or off, because blocks are trained together where {Method.Path} is dt alone"),
        { Embedding.Kind: not EmbeddingKind.OneHot } => throw Fault(
            SettingsTable.Stack, $"must be auto or off, because blocks are trained together where {SettingsTable.Embedding.Path} is one-hot alone"),
        { Replicas: > 1 } => throw Fault(SettingsTable.Stack, $"must be auto or off, because blocks are trained together where {Replicas.Path} is 1 alone"),
        _ => true,
    };

    private bool IsAsked(Setting setting) => values[setting].Origin?.StartsWith("--", StringComparison.Ordinal) ?? false;
}
