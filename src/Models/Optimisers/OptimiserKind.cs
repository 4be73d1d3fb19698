namespace NoProp.Models.Optimisers;

/// <summary>How weight decay enters an Adam step (paper, Table 4).</summary>
public enum OptimiserKind
{
    /// <summary>Apart from the moments: discrete time and the baselines.</summary>
    AdamW,

    /// <summary>Within the gradient: continuous time and flow matching.</summary>
    Adam,
}
