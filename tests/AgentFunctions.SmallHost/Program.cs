using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.SmallHost;
using AgentFunctions.Sqlite;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Services
    .AddAgentFunctions(builder.Configuration)
    .AddAgentModel(static _ => new ModelBinding("echo", "echo-1", new ModelProfile { Provider = "own", Streaming = false },
        new EchoClient()))
    .AddSqliteEngine(static options => options.DataFile = SqliteEngineOptions.InMemory)
    .AddAgent(Agent.Create("echo").WithInstructions("Repeat what is said."));
using IHost host = builder.Build();
await host.StartAsync();
Run run = await host.Services.GetRequiredService<AgentGateway>().SubmitAsync(new RunRequest { Goal = "Say hello." });
run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
Console.WriteLine($"{run.Status}: {run.Result?.Text}");
await host.StopAsync();
