using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Quickstart;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// An agent audits a folder, step by durable step. Kill it whenever you like: the same command resumes the same run.
string workspace = QuickstartFolder.Find(args);
string data = Directory.CreateDirectory(Path.Combine(workspace, ".agentfunctions")).FullName;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services
    .AddAgentFunctions(builder.Configuration, options => options.Workspace = workspace)
    .AddSqliteEngine(options => options.DataFile = Path.Combine(data, "quickstart.db"))
    .AddWorkspaceTools()
    .AddAgent(Agent.Create("auditor")
        .WithDescription("Audits a source tree and writes a report.")
        .WithInstructions("Audit the folder that you work in. Plan first. Rest every statement on what the tools returned, with path and line.")
        .WithTools("update_plan", "list_files", "read_file", "search_files", "write_file"));

using IHost host = builder.Build();
await host.StartAsync();
var reader = host.Services.GetRequiredService<RunReader>();

Run? run = await reader.ListAsync(new RunFilter { Agent = "auditor" }).FirstOrDefaultAsync();
if (run is null || run.IsEnded)
{
    run = await host.Services.GetRequiredService<AgentGateway>().SubmitAsync(new RunRequest
    {
        Agent = "auditor",
        Goal = "Audit this folder: size, structure, unfinished work, likely secrets. Write the report to .agentfunctions/audit-report.md",
    });
    Console.WriteLine($"Run {run.Id} on model '{run.Model}' in {workspace}");
}
else
{
    Console.WriteLine($"Resuming run {run.Id} on model '{run.Model}' at turn {run.Turns + 1}, {run.Steps} steps done");
}

await foreach ((_, var happened) in host.Services.GetRequiredService<RunFeed>().FollowAsync(run.Id))
{
    Console.WriteLine(JournalLine.Format(happened, run.CreatedAt));
}

run = await reader.GetAsync(run.Id);
Console.WriteLine($"\n{run.Result?.Text ?? run.Error?.Message}");
await host.StopAsync();
return run.Status == RunStatus.Completed ? 0 : 1;
