namespace NoProp.Models.Methods;

/// <summary>How a network is trained.</summary>
public enum MethodKind
{
    /// <summary>NoProp in discrete time: T blocks, each trained alone.</summary>
    Dt,

    /// <summary>NoProp in continuous time: one network conditioned on time, with a learned noise schedule.</summary>
    Ct,

    /// <summary>NoProp by flow matching: one network conditioned on time learns a velocity.</summary>
    Fm,

    /// <summary>Baseline: back-propagation end to end through the same T blocks.</summary>
    Backprop,

    /// <summary>Baseline: a neural ODE trained by the adjoint method.</summary>
    Adjoint,
}
