using AgentFunctions;
using AgentFunctions.Agents;
using AgentFunctions.Extensions;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// The extension points of a host: a model, a rule, a channel for approvals and a source of secrets of one's own.
string folder = Directory.CreateTempSubdirectory("agentfunctions-").FullName;
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services
    .AddAgentFunctions(builder.Configuration)
    .AddSqliteEngine(options => options.DataFile = Path.Combine(folder, "extensions.db"))
    .AddAgentModel(static _ => new ModelBinding("clerk", "clerk-1", new ModelProfile { Provider = "own" }, new ClerkModel()))
    .AddPolicyRule<PaymentLimit>()
    .AddApprovalNotifier<ConsoleNotifier>()
    .AddSingleton<ISecretSource>(new FolderSecrets("/run/secrets"))
    .AddTool(new AgentTool(
        AgentTool.CreateFunction("pay", "Pays a bill.", static (string to, int amount) => $"paid {amount} to {to}"),
        ToolEffect.NotIdempotent))
    .AddAgent(Agent.Create("payer").WithInstructions("Pay the bills.").WithTools("pay"));

using IHost host = builder.Build();
await host.StartAsync();
Run run = await host.Services.GetRequiredService<AgentGateway>().SubmitAsync(new RunRequest { Goal = "Pay what is due." });
ApprovalService approvals = host.Services.GetRequiredService<ApprovalService>();
Task<Run> end = host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
while (!end.IsCompleted)
{
    foreach (Approval approval in await approvals.ListAsync())
    {
        await approvals.DecideAsync(approval.Id, Caller.Local, true, "The bill is right.");
        Console.WriteLine($"approved: {approval.Rule}");
    }

    await Task.WhenAny(end, Task.Delay(TimeSpan.FromMilliseconds(200)));
}

run = await end;
Console.WriteLine($"{run.Status}: {run.Result?.Text ?? run.Error?.Message}");
await host.StopAsync();
return run.Status == RunStatus.Completed ? 0 : 1;
