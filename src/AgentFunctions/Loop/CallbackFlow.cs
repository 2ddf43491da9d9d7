using System.Text.Json.Serialization;
using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>
/// Tells the address that a run's caller gave, or another receiver, of the run. The run does not wait for it.
/// </summary>
internal static class CallbackFlow
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = OrchestratorNames.DeliverCallback;

    /// <summary>Runs the delivery; whether it succeeded.</summary>
    public static async Task<bool> RunAsync(IOrchestrationContext context, CallbackInput input)
    {
        try
        {
            return await context.CallActivityAsync<bool>(StepNames.PostCallback, input, StepOptions.Notify);
        }
        catch (TaskFailedException e)
        {
            CallbackInput givenUp = input with { IsGivenUp = true, Message = e.Failure.Cause().Message };
            return await context.CallActivityAsync<bool>(StepNames.PostCallback, givenUp, StepOptions.Tool);
        }
    }
}

/// <summary>Tell the address that a run's caller gave, or another receiver.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turns">The turns that it took.</param>
/// <param name="Status">Its final status.</param>
internal sealed record CallbackInput(string RunId, int Turns, RunStatus Status)
{
    /// <summary>
    /// Gets how often the run had gone on after an end before this one; <see langword="null"/> for never.
    /// </summary>
    public int? Resumptions { get; init; }

    /// <summary>Gets what tells this end of the run from its others.</summary>
    [JsonIgnore]
    public string End => Resumptions is { } times ? $"{Turns}-{times}" : $"{Turns}";

    /// <summary>Gets the stable code of what stopped the run short.</summary>
    public string? Code { get; init; }

    /// <summary>Gets what stopped the run short, in words; of a delivery that was given up, why.</summary>
    public string? Message { get; init; }

    /// <summary>Gets when the run ended (UTC); <see langword="null"/> in a history that is older.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Gets whether the delivery was given up, which is only to be told.</summary>
    public bool IsGivenUp { get; init; }

    /// <summary>Gets the receiver that is told; <see langword="null"/> for the address that the caller gave.</summary>
    public string? Receiver { get; init; }

    /// <summary>Gets the id of what people are asked, which a receiver is told of; <see langword="null"/> for the end.</summary>
    public string? Asked { get; init; }
}
