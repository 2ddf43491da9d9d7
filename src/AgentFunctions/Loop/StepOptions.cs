using AgentFunctions.Durability;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>How the loop's steps are repeated when they fail. The waits are durable timers.</summary>
internal static class StepOptions
{
    /// <summary>Gets a provider that cannot be reached, beyond what the client's own short retries could mend.</summary>
    public static TaskOptions Model { get; } = new(new RetryPolicy(8, TimeSpan.FromSeconds(2), 2.0, TimeSpan.FromMinutes(5)));

    /// <summary>Gets a tool's own errors are results; what is retried here is a store that cannot be reached.</summary>
    public static TaskOptions Tool { get; } = new(new RetryPolicy(8, TimeSpan.FromSeconds(1), 2.0, TimeSpan.FromMinutes(1)));

    /// <summary>Gets how a step is repeated.</summary>
    /// <param name="step">Its name.</param>
    public static TaskOptions Of(string step) => step switch
    {
        StepNames.CallTool or StepNames.EndChildren or StepNames.LookAtQuestion => Tool,
        StepNames.Notify or StepNames.ReportToLead or StepNames.PostCallback => Notify,
        _ => Model,
    };

    /// <summary>Gets a receiver that is down.</summary>
    public static TaskOptions Notify { get; } = new(new RetryPolicy(8, TimeSpan.FromSeconds(5), 3.0, TimeSpan.FromMinutes(30)));
}
