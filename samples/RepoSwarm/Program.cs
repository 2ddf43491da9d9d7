using AgentFunctions.Agents;
using AgentFunctions.Budgets;
using AgentFunctions.Gateway;
using AgentFunctions.Hosting;
using AgentFunctions.RepoSwarm;
using AgentFunctions.Runs;
using AgentFunctions.Samples;
using AgentFunctions.Sqlite;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A lead audits a source tree of any size with sub-agents that it decides on. Kill it whenever you like: the same command resumes
// it.
string workspace = Path.GetFullPath(args is ["--workspace", var folder] ? folder : Directory.GetCurrentDirectory());
string data = DataFolder.For(workspace, "repo-swarm.db");

HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
if (RehearsedModel.IsNeeded(builder.Configuration))
{
    builder.Services.AddAgentModel(_ => new RehearsedAudit().Binding);
}

builder.Services
    .AddAgentFunctions(builder.Configuration, options => options.Workspace = workspace)
    .AddOpenAIModels(builder.Configuration)
    .AddSqliteEngine(options => options.DataFile = Path.Combine(data, "repo-swarm.db"))
    .AddWorkspaceTools(options => options.SkippedFolders.Add(".agentfunctions"))
    .AddAgent(Agent.Create("auditor")
        .WithDescription("Audits one part of the tree and answers with findings.")
        .WithInstructions("Audit the files that you are given: unfinished work, likely bugs, secrets. Answer with findings, each with path and line.")
        .WithTools("list_files", "read_file", "search_files"))
    .AddTool(PartsTool.Create())
    .AddAgent(Agent.Create("lead")
        .WithInstructions("You lead an audit. Split the tree into parts of a sensible size, give each to a sub-agent of the type 'auditor', wait for "
            + "all, and write one report with the worst findings first. Where there are more answers than you can read, have them reduced.")
        .WithTools("list_parts", "list_files", "read_file", "search_files", "write_file")
        .WithDelegation(Delegation.Native));

using IHost host = builder.Build();
await host.StartAsync();
var audit = new RunRequest
{
    Agent = "lead",
    Goal = "Audit this source tree. Write the report to .agentfunctions/swarm-report.md",
    Budget = new Budget { Steps = 4_000, SubAgents = 300 },
};
(Run run, bool resumed) = await host.Services.GetRequiredService<AgentGateway>().SubmitOrResumeAsync(audit, key: workspace);
Console.WriteLine($"{(resumed ? "Resuming" : "Starting")} run {run.Id} with model '{run.Model}' in {workspace}");
await foreach ((_, var happened) in host.Services.GetRequiredService<RunFeed>().FollowAsync(run.Id))
{
    Console.WriteLine(JournalLine.Format(happened, run.CreatedAt));
}

RunTree tree = await host.Services.GetRequiredService<RunTreeReader>().GetAsync(run.Id);
Console.WriteLine($"\n{tree.Children.Count} sub-agents, {tree.Steps} steps, {tree.CriticalSteps} of them one after the other:");
foreach (RunTree child in tree.Children)
{
    Console.WriteLine($"  {child.Run.Status,-10} {child.Steps,4} steps  {JournalLine.OneLine(child.Run.Goal, 100)}");
}

run = await host.Services.GetRequiredService<RunReader>().GetAsync(run.Id);
Console.WriteLine($"\n{run.Result?.Text ?? run.Error?.Message}");
await host.StopAsync();
return run.Status == RunStatus.Completed ? 0 : 1;
