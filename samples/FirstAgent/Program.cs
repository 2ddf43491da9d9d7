using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services
    .AddAgentFunctions(builder.Configuration, options => options.Workspace = Environment.CurrentDirectory)
    .AddOpenAIModels(builder.Configuration)
    .AddSqliteEngine(options => options.DataFile = "agents.db")
    .AddWorkspaceTools()
    .AddAgent(Agent.Create("auditor").WithInstructions("Audit this folder.").WithTools("list_files", "read_file"));
using IHost host = builder.Build();
await host.StartAsync();
await host.Services.GetRequiredService<AgentGateway>().SubmitAsync(new() { Agent = "auditor", Goal = "Audit this folder." });
await host.WaitForShutdownAsync();
