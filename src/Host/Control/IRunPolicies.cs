using NoProp.Models;

namespace NoProp.Host.Control;

/// <summary>The policies of a run that somebody else trains.</summary>
internal interface IRunPolicies : IAsyncDisposable
{
    /// <summary>The policies that hold; null where nobody answers any more.</summary>
    /// <exception cref="NoPropException">It refuses.</exception>
    Task<PoliciesAnswer?> GetPoliciesAsync(CancellationToken stop);

    /// <summary>Changes some policies, and ends when they hold; null where nobody answers any more.</summary>
    /// <exception cref="NoPropException">It refuses.</exception>
    Task<PoliciesAnswer?> ChangePoliciesAsync(IReadOnlyDictionary<string, string> changes, CancellationToken stop);
}
