using System.Text;
using System.Text.Json.Serialization;
using AgentFunctions.Budgets;

namespace AgentFunctions.Gateway;

/// <summary>Represents the request to fork a run.</summary>
public sealed record ForkRequest
{
    /// <summary>Gets the last turn to keep, from 0 (the goal alone) to the run's turns; all of them by default.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets what the model is told in place of the agent's instructions, at most 128 KiB; by default the same.</summary>
    public string? Instructions { get; init; }

    /// <summary>Gets the model's name in the host's catalog; by default the same.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the names of exactly the tools that the new run gets; by default the same.</summary>
    public IReadOnlyList<string>? Tools { get; init; }

    /// <summary>Gets what is said to the new run at once, at most 32,768 characters; by default nothing.</summary>
    public string? Message { get; init; }

    /// <summary>
    /// Gets what the new run may spend; by default what is left of the run's budget, which it then no longer has.
    /// </summary>
    public Budget? Budget { get; init; }

    /// <summary>
    /// Gets the folder of the new run; by default its own if runs have folders of their own, otherwise the same.
    /// </summary>
    public ForkFolder? Workspace { get; init; }

    /// <summary>Whether the folder of the run goes back to the turn before the new run begins; for a rewind.</summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal bool RestoresFolder { get; init; }

    /// <summary>Whether that overwrites what others have changed since.</summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal bool Overwrites { get; init; }

    /// <summary>Whether the run ends for it, so that the fork goes on in its place.</summary>
    [JsonInclude]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal bool IsRewind { get; init; }

    /// <summary>Checks everything that can be checked without the host.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    internal void Validate()
    {
        Require(Turn is null or >= 0, "turn", "use a whole number, 0 or above");
        Require(
            Instructions is null || (!string.IsNullOrWhiteSpace(Instructions)
                && Encoding.UTF8.GetByteCount(Instructions) <= 128 * 1024),
            "instructions", "use at most 128 KiB, and not only spaces");
        Require(Message is null || (!string.IsNullOrWhiteSpace(Message) && Message.Length <= SteeringRules.MaxMessage), "message",
            $"use 1 to {SteeringRules.MaxMessage} characters");
        Require(Tools?.Any(string.IsNullOrWhiteSpace) != true, "tools", "name tools of the host's");
        Budget?.Validate("budget");
    }

    private static void Require(bool condition, string field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{field}: {remedy}.");
        }
    }
}
