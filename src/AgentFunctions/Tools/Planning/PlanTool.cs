using System.ComponentModel;
using AgentFunctions.Records;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools.Planning;

/// <summary>The tool by which an agent keeps its plan.</summary>
internal static class PlanTool
{
    private const int MaxItems = 50;
    private const int MaxText = 200;

    public static AgentTool Create() => AgentTool.Create(
        "update_plan",
        "Replaces your plan: a list of steps, each done or not. People follow it as progress, and you are reminded of it later. "
        + "Make one before longer work and update it when a step is done.",
        ToolEffect.Idempotent,
        UpdateAsync).WithReach(ToolReach.Runtime);

    private static async Task<string> UpdateAsync(
        ToolContext context,
        [Description("The whole plan, in order.")] IReadOnlyList<PlanItem> items,
        CancellationToken cancellationToken)
    {
        if (items.Count > MaxItems)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"items: use at most {MaxItems} steps.");
        }

        if (items.FirstOrDefault(item => string.IsNullOrWhiteSpace(item.Text) || item.Text.Length > MaxText) is not null)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid,
                $"items: every step needs a text of 1 to {MaxText} characters.");
        }

        await context.Services.GetRequiredService<PlanStore>().PutAsync(context.RunId, items, cancellationToken)
            .ConfigureAwait(false);
        return PlanText.Render(items);
    }
}

/// <summary>A plan as text.</summary>
internal static class PlanText
{
    public static string Render(IReadOnlyList<PlanItem> plan) =>
        string.Join('\n', plan.Select(item => $"- [{(item.Done ? 'x' : ' ')}] {item.Text}"));
}
