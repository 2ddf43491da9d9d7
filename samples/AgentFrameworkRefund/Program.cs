namespace AgentFrameworkRefund;

/// <summary>A refund by an agent of Agent Framework, in processes that are killed: alone, and as durable runs.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) =>
        Scenario.RunAsync(Scenario.Shapes, arguments, KillPoint.All.Length);
}
