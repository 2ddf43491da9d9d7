namespace AgentFunctions.Models;

/// <summary>
/// Represents the step that a model is called for. A client that the host put behind a <see cref="ModelBinding"/> finds it in
/// <see cref="Current"/> while it is called.
/// </summary>
public sealed record ModelCallContext
{
    private static readonly AsyncLocal<ModelCallContext?> Ambient = new();

    /// <summary>Gets the step that the present code is called for; <see langword="null"/> outside a model call.</summary>
    public static ModelCallContext? Current
    {
        get => Ambient.Value;
        internal set => Ambient.Value = value;
    }

    /// <summary>Gets the run.</summary>
    public required string RunId { get; init; }

    /// <summary>Gets the number of the call among the run's model calls, from 1.</summary>
    public required int Call { get; init; }

    /// <summary>Gets the turn whose answer is asked for, from 1; <see langword="null"/> for a summary or a verdict.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets how many messages of people the model had been shown before.</summary>
    public long InboxFrom { get; init; }

    /// <summary>Gets how many messages of people it has been shown with this call.</summary>
    public long InboxTo { get; init; }
}
