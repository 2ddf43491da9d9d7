using System.ComponentModel;
using AgentFunctions.Records;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Planning;

/// <summary>The tool by which an agent keeps facts before its eyes, however often its context is summed up.</summary>
internal static class PinTool
{
    private const int MaxFacts = 20;
    private const int MaxText = 500;

    public static AgentTool Create() => AgentTool.Create(
        "pin_facts",
        "Replaces your pinned facts: short texts that you are shown word for word for the rest of the run, even after the conversation "
        + "was summed up. Pin what must never be lost or reworded, such as exact identifiers and hard rules.",
        ToolEffect.Idempotent,
        PinAsync).WithReach(ToolReach.Runtime);

    private static async Task<string> PinAsync(
        ToolContext context,
        [Description("All facts, each at most 500 characters.")] IReadOnlyList<string> facts,
        CancellationToken cancellationToken)
    {
        if (facts.Count > MaxFacts)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"facts: use at most {MaxFacts}.");
        }

        if (facts.Any(static fact => string.IsNullOrWhiteSpace(fact) || fact.Length > MaxText))
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"facts: every fact needs 1 to {MaxText} characters.");
        }

        await context.Services.GetRequiredService<PinStore>().PutAsync(context.RunId, facts, cancellationToken)
            .ConfigureAwait(false);
        return $"Pinned {facts.Count} facts.";
    }
}
