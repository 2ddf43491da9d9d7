namespace AgentFunctions.Testing;

/// <summary>Represents a moment at which <see cref="AgentTestHost.CrashAt"/> lets a host die.</summary>
public sealed record Moment
{
    private Moment(string text) => Text = text;

    /// <summary>Gets the moment in words.</summary>
    public string Text { get; }

    /// <summary>The call is recorded as started, and its tool has not been entered: nothing happened in the world.</summary>
    /// <param name="tool">The tool.</param>
    public static Moment BeforeCall(string tool) => new($"before the call of {tool}");

    /// <summary>
    /// The tool has returned, and its result is not recorded: the effect took place, and the runtime cannot know it.
    /// </summary>
    /// <param name="tool">The tool.</param>
    public static Moment AfterCall(string tool) => new($"after the call of {tool}");

    /// <summary>The model is about to be asked.</summary>
    /// <param name="turn">The turn, from 1.</param>
    public static Moment BeforeTurn(int turn) => new($"before turn {turn}");

    /// <summary>The model has answered, and its answer is not recorded.</summary>
    /// <param name="turn">The turn, from 1.</param>
    public static Moment AfterTurn(int turn) => new($"after turn {turn}");

    /// <inheritdoc/>
    public override string ToString() => Text;
}
