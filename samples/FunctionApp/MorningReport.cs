using AgentFunctions.Gateway;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AgentFunctions.FunctionApp;

/// <summary>An orchestrator of the app's own that has agents work: two runs side by side, then one on what they found.</summary>
public static class MorningReport
{
    /// <summary>
    /// Starts the report on working days at seven (UTC). The instance is named after the day, so a timer that fires again, after
    /// a restart for instance, starts nothing.
    /// </summary>
    /// <param name="timer">The timer.</param>
    /// <param name="client">The Durable Task client.</param>
    /// <param name="cancellationToken">The token to cancel the start when the host stops.</param>
    [Function("StartMorningReport")]
    public static async Task StartAsync(
        [TimerTrigger("0 0 7 * * 1-5")] TimerInfo timer, [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var instance = new StartOrchestrationOptions($"{nameof(MorningReport)}-{DateTime.UtcNow:yyyy-MM-dd}");
        if (await client.GetInstanceAsync(instance.InstanceId!, cancellationToken) is null)
        {
            await client.ScheduleNewOrchestrationInstanceAsync(nameof(MorningReport), null, instance, cancellationToken);
        }
    }

    /// <summary>Has the tickets of two teams looked at and sums up.</summary>
    /// <param name="context">The orchestration.</param>
    [Function(nameof(MorningReport))]
    public static async Task<string> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        RunAnswer[] answers = await Task.WhenAll(
            context.RunAgentAsync("triage", "What is urgent in the tickets of team payments?"),
            context.RunAgentAsync("triage", "What is urgent in the tickets of team search?"));
        RunAnswer report = await context.RunAgentAsync(
            "triage", $"Sum up in three sentences:\n{string.Join("\n\n", answers.Select(answer => answer.Text))}");
        return report.Text;
    }
}
