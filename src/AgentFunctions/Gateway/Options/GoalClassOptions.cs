namespace AgentFunctions.Gateway.Options;

/// <summary>Represents a class of goals, recognized by words in them.</summary>
public sealed class GoalClassOptions
{
    /// <summary>Gets or sets its name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</summary>
    public string? Class { get; set; }

    /// <summary>Gets words or phrases of which the goal has at least one; upper and lower case are alike.</summary>
    public IList<string> Words { get; } = [];

    /// <summary>
    /// Gets or sets the agent for such goals where a run names none; <see langword="null"/>, the default, to find one as usual.
    /// </summary>
    public string? Agent { get; set; }
}
