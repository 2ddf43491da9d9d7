using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>Waits for sub-agents. The wait itself is the loop's and holds no compute.</summary>
internal static class WaitTool
{
    private const int MaxListed = 40;
    private const int PreviewLength = 120;

    public static async Task<string> WaitAsync(
        ToolContext context,
        [Description("The names of the sub-agents; by default all that are at work or wait for their turn.")] IReadOnlyList<string>? sub_agents = null,
        [Description("How many of them must have ended; by default all. Without names: how many of those that have not ended yet.")] int? count = null,
        [Description("The longest wait, in minutes; by default until they have ended.")] double? minutes = null,
        CancellationToken cancellationToken = default)
    {
        SwarmCall call = SwarmArguments.Require(context);
        SubAgents children = context.Services.GetRequiredService<SubAgents>();
        if (call.Allowance.Phase > 0)
        {
            return Overview(await children.ListAwaitedAsync(context.RunId, sub_agents, call.Allowance, cancellationToken)
                .ConfigureAwait(false));
        }

        if (count < 1 || minutes is <= 0 or > 60 * 24 * 365 or double.NaN)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, "count, minutes: use numbers above 0, and at most a year.");
        }

        foreach (string name in sub_agents ?? [])
        {
            await children.GetAsync(context.RunId, name, cancellationToken).ConfigureAwait(false);
        }

        DateTimeOffset? until = minutes is null
            ? null
            : context.Services.GetRequiredService<TimeProvider>().GetUtcNow().AddMinutes(minutes.Value);
        call.Request = new SwarmRequest { Wait = new ChildWait(sub_agents is { Count: 0 } ? null : sub_agents, count, until) };
        return "";
    }

    private static string Overview(IReadOnlyList<SubAgent> children)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{children.Count} sub-agents: ");
        text.AppendJoin(", ",
            children.GroupBy(static child => child.StatusName).Select(static group => $"{group.Count()} {group.Key}"))
            .Append(".\n");
        foreach (SubAgent child in children.Where(static child => child.IsEnded).Take(MaxListed))
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{child.Name} {child.StatusName}: {JournalLine.OneLine(child.Answer, PreviewLength)}\n");
        }

        int more = children.Count(static child => child.IsEnded) - MaxListed;
        return text.Append(more > 0 ? $"… and {more} more that have ended. " : "")
            .Append($"Read answers with {SwarmToolNames.Results}, or have them merged with {SwarmToolNames.Reduce}.").ToString();
    }
}
