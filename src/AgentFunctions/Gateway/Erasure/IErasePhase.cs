using AgentFunctions.Loop;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>One phase of an erasure. Each of its steps is bounded and may be repeated after a crash.</summary>
internal interface IErasePhase
{
    /// <summary>Gets the name, which erasures that are under way remember.</summary>
    string Name { get; }

    /// <summary>Does a part.</summary>
    /// <param name="input">Of what, and where it begins.</param>
    /// <param name="cancellationToken">The token to cancel the work; the step is repeated.</param>
    Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken);
}
