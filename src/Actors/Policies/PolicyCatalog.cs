using System.Collections.Immutable;
using System.Reflection;
using NoProp.Models;

namespace NoProp.Actors.Policies;

/// <summary>Finds policies by name: a user's own that were added here, those that are named by their type, and the built-in ones. Immutable.</summary>
public sealed class PolicyCatalog
{
    private readonly ImmutableDictionary<string, Func<string?, IUpdatePolicy>> blocks;
    private readonly ImmutableDictionary<string, Func<string?, ISharedPolicy>> shared;

    private PolicyCatalog(
        ImmutableDictionary<string, Func<string?, IUpdatePolicy>> blocks, ImmutableDictionary<string, Func<string?, ISharedPolicy>> shared) =>
        (this.blocks, this.shared) = (blocks, shared);

    /// <summary>The built-in policies alone.</summary>
    public static PolicyCatalog BuiltIn { get; } = new(
        ImmutableDictionary<string, Func<string?, IUpdatePolicy>>.Empty, ImmutableDictionary<string, Func<string?, ISharedPolicy>>.Empty);

    /// <summary>The same with a policy of blocks more.</summary>
    /// <param name="name">Its name in settings, without an argument.</param>
    /// <param name="create">Makes it from the argument after the colon; null where there is none.</param>
    public PolicyCatalog With(string name, Func<string?, IUpdatePolicy> create) => new(blocks.SetItem(name, create), shared);

    /// <summary>The same with a policy of the embedding more.</summary>
    /// <param name="name">Its name in settings, without an argument.</param>
    /// <param name="create">Makes it from the argument after the colon; null where there is none.</param>
    public PolicyCatalog With(string name, Func<string?, ISharedPolicy> create) => new(blocks, shared.SetItem(name, create));

    /// <summary>The policies that these settings name.</summary>
    /// <exception cref="NoPropException">A name is not known, an argument is wrong, or two policies do not go together.</exception>
    public PolicySet Parse(PolicySettings settings)
    {
        ImmutableArray<Assembly> assemblies = settings.Assemblies.Load();
        PolicySet set = new(
            settings,
            Find(blocks, settings.Blocks) ?? PolicyTypes.Find<IUpdatePolicy>(settings.Blocks, assemblies) ?? UpdatePolicies.Parse(settings.Blocks),
            Find(shared, settings.Embedding) ?? PolicyTypes.Find<ISharedPolicy>(settings.Embedding, assemblies) ?? SharedPolicies.Parse(settings.Embedding),
            LagBound.Parse(settings.EmbeddingLag),
            HeadPolicy.Parse(settings.Head),
            settings.Schedule switch
            {
                "frozen" => true,
                "with-block" => false,
                _ => throw new NoPropException($"unknown schedule policy '{settings.Schedule}'; the policies are with-block, frozen"),
            },
            LagBound.Parse(settings.ScheduleLag));
        return set.Embedding is AveragedPolicy && set.EmbeddingLag.Max is not null
            ? throw new NoPropException("the embedding policy 'averaged' takes no lag bound: bound the lead of the blocks instead, as in bounded:2")
            : set;
    }

    private static T? Find<T>(ImmutableDictionary<string, Func<string?, T>> policies, string text)
        where T : class
    {
        string[] parts = text.Split(':', 2);
        return policies.TryGetValue(parts[0], out Func<string?, T>? create) ? create(parts.Length == 2 ? parts[1] : null) : null;
    }
}
