using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Quickstart;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// An agent audits a folder, step by durable step. Kill it whenever you like: the same command resumes the same run.
string workspace = QuickstartFolder.Find(args);
string data = DataFolder.For(workspace, "quickstart.db");

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Configuration["Rehearsal:Pause"] ??= "00:00:01";
builder.Services
    .AddAgentFunctions(builder.Configuration, options => options.Workspace = workspace)
    .AddOpenAIModels(builder.Configuration)
    .AddSqliteEngine(options => options.DataFile = Path.Combine(data, "quickstart.db"))
    .AddWorkspaceTools(options => options.SkippedFolders.Add(".agentfunctions"))
    .AddAgent(Agent.Create("auditor")
        .WithInstructions("Audit the folder that you work in. Plan first. Rest every statement on what the tools returned, with path and line.")
        .WithTools("update_plan", "list_files", "read_file", "search_files", "write_file"));

using IHost host = builder.Build();
await host.StartAsync();
var audit = new RunRequest
{
    Goal = "Audit this folder: size, structure, unfinished work, likely secrets. Write the report to .agentfunctions/audit-report.md",
};
(Run run, bool resumed) = await host.Services.GetRequiredService<AgentGateway>().SubmitOrResumeAsync(audit, key: workspace);
Console.WriteLine($"{(resumed ? "Resuming" : "Starting")} run {run.Id} with model '{run.Model}' in {workspace}");
await foreach ((_, var happened) in host.Services.GetRequiredService<RunFeed>().FollowAsync(run.Id))
{
    Console.WriteLine(JournalLine.Format(happened, run.CreatedAt));
}

run = await host.Services.GetRequiredService<RunReader>().GetAsync(run.Id);
Console.WriteLine($"\n{run.Result?.Text ?? run.Error?.Message}");
await host.StopAsync();
return run.Status == RunStatus.Completed ? 0 : 1;
