using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>Files of .NET assemblies with a user's own policies. Equal where the paths are.</summary>
/// <param name="Paths">Their paths; relative ones begin at the current folder.</param>
public sealed record PolicyAssemblies(ImmutableArray<string> Paths)
{
    /// <summary>None.</summary>
    public static PolicyAssemblies None { get; } = new([]);

    /// <inheritdoc/>
    public bool Equals(PolicyAssemblies? other) => other is not null && Paths.SequenceEqual(other.Paths, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => Paths.Aggregate(0, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Paths);

    /// <summary>Loads them, beside the assembly that declares the interfaces of policies. A path that is loaded is not loaded again.</summary>
    /// <exception cref="NoPropException">A file does not exist, or is no assembly that can be loaded.</exception>
    internal ImmutableArray<Assembly> Load() => [.. Paths.Select(Load)];

    private static Assembly Load(string path)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            throw new NoPropException($"the assembly '{path}' does not exist; name a .dll file with policies");
        }

        try
        {
            return AssemblyLoadContext.GetLoadContext(typeof(PolicyAssemblies).Assembly)!.LoadFromAssemblyPath(full);
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            string reason = e is BadImageFormatException ? "it is no .NET assembly for this machine" : e.Message.Split('\n')[0].Trim();
            throw new NoPropException($"the assembly '{path}' cannot be loaded: {reason}", e);
        }
    }
}
