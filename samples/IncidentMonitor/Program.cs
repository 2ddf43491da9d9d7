using AgentFunctions;
using AgentFunctions.Agents;
using AgentFunctions.Hosting;
using AgentFunctions.IncidentMonitor;
using AgentFunctions.Models;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Samples;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A monitor watches a service, opens an incident when it fails, and calls an agent that restarts it once a person approves.
if (args is ["--service", var port, var kind])
{
    await ShopService.ServeAsync(port, kind == "flaky");
    return 0;
}

using var shop = new ShopService();
string data = Directory.CreateTempSubdirectory("incident-monitor-").FullName;
HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Configuration["Governance:PolicyPath"] = Path.Combine(AppContext.BaseDirectory, "policy.yaml");
if (RehearsedModel.IsNeeded(builder.Configuration))
{
    builder.Services.AddAgentModel(_ => new RehearsedResponder().Binding);
}

builder.Services
    .AddAgentFunctions(builder.Configuration)
    .AddOpenAIModels(builder.Configuration)
    .AddSqliteEngine(options => options.DataFile = Path.Combine(data, "monitor.db"))
    .AddTool(AgentTool.Create("check_service", "Asks the shop for its health.", ToolEffect.None, shop.CheckAsync))
    .AddTool(AgentTool.Create("restart_service", "Starts the shop again.", ToolEffect.NotIdempotent, shop.RestartAsync))
    .AddAgent(Agent.Create("responder")
        .WithInstructions("You respond to incidents. Do what the runbook says and nothing else; rest every statement on what the tools returned.")
        .WithTools("check_service", "restart_service"))
    .AddMonitor(MonitorReader.LoadYaml(Path.Combine(AppContext.BaseDirectory, "shop.yaml")));

shop.Start(isFlaky: true);
using IHost host = builder.Build();
await host.StartAsync();
Console.WriteLine($"Model: {host.Services.GetRequiredService<IModelCatalog>().Models[0].Name}. Watching the shop every two seconds; it fails after eight.");
using var over = CancellationTokenSource.CreateLinkedTokenSource(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
over.CancelAfter(TimeSpan.FromMinutes(5));
Task approving = new ConsoleApprover(host.Services, args.Contains("--yes")).DecideAsync(over.Token);
Incident? incident = await IncidentTimeline.FollowAsync(host.Services.GetRequiredService<IncidentService>(), over.Token);
await over.CancelAsync();
await approving.ContinueWith(static _ => { }, TaskScheduler.Default);
await host.StopAsync();
return incident is { State: IncidentState.Resolved } ? 0 : 1;
