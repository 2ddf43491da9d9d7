namespace AgentFunctions.Tools;

/// <summary>Names an argument of a tool that is a path of the run's workspace, or a list of such paths.</summary>
/// <param name="Name">The name of the argument; of a member of an argument, the names joined by dots.</param>
public sealed record PathArgument(string Name)
{
    /// <summary>Gets whether the whole workspace is meant where the argument is left out; false by default.</summary>
    public bool IsWholeByDefault { get; init; }
}
