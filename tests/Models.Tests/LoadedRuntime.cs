using System.Runtime.CompilerServices;
using NoProp.Models.Native;

namespace NoProp.Models.Tests;

/// <summary>The library loads libtorch, not the first test that uses a tensor: it has settings to make before.</summary>
internal static class LoadedRuntime
{
    [ModuleInitializer]
    internal static void Load() => TorchRuntime.Load();
}
