using System.Globalization;
using System.Runtime.InteropServices;

namespace NoProp.Host.Reproduction;

/// <summary>Where a report was made.</summary>
internal static class Machine
{
    /// <summary>Operating system, processor architecture and number of cores.</summary>
    public static string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores");
}
