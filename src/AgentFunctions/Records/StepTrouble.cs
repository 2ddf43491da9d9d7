namespace AgentFunctions.Records;

/// <summary>A step of a run that failed and is tried again.</summary>
/// <param name="Step">The name of the step.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the tool call within the turn; <see langword="null"/> for a step that is none.</param>
internal sealed record StepTrouble(string Step, int? Turn, int? Call)
{
    /// <summary>Gets the kind of wait as people see it.</summary>
    public required string Kind { get; init; }

    /// <summary>Gets how often the step failed in a row, the model client's own attempts included.</summary>
    public int Failures { get; init; }

    /// <summary>Gets how often the engine made the step.</summary>
    public int Attempts { get; init; }

    /// <summary>Gets what went wrong, in words, without secrets.</summary>
    public required string Message { get; init; }

    /// <summary>Gets the stable code of what went wrong; <see langword="null"/> if it has none.</summary>
    public string? Code { get; init; }

    /// <summary>Gets when the step is tried again (UTC).</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>Determines whether both are about the same step.</summary>
    /// <param name="other">The other one.</param>
    public bool IsSameStep(StepTrouble other) => (Step, Turn, Call) == (other.Step, other.Turn, other.Call);
}
