using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Benchmarks.Cold;

/// <summary>
/// The processes that are started: one that does nothing, a host of nothing, and a host that has one goal reached.
/// </summary>
internal static class ColdProcess
{
    public const string Empty = "cold-empty";
    public const string EmptyHost = "cold-empty-host";
    public const string Agent = "cold-agent";

    public static async Task<int> RunEmptyHostAsync()
    {
        using IHost host = Host.CreateApplicationBuilder().Build();
        await host.StartAsync();
        await host.StopAsync();
        return 0;
    }

    /// <summary>As the first program in README.md, with a model of the OpenAI protocol.</summary>
    public static async Task<int> RunAgentAsync(string dataFile)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services
            .AddAgentFunctions(builder.Configuration, static options => options.Workspace = Environment.CurrentDirectory)
            .AddOpenAIModels(builder.Configuration)
            .AddSqliteEngine(options => options.DataFile = dataFile)
            .AddWorkspaceTools()
            .AddAgent(Agents.Agent.Create("auditor").WithInstructions("Audit the folder that you work in.")
                .WithTools("list_files", "read_file"));
        using IHost host = builder.Build();
        await host.StartAsync();
        Run run = await host.Services.GetRequiredService<AgentGateway>()
            .SubmitAsync(new RunRequest { Agent = "auditor", Goal = "Audit this folder." });
        run = await host.Services.GetRequiredService<RunReader>().WaitForEndAsync(run.Id);
        await host.StopAsync();
        return run.Status == RunStatus.Completed ? 0 : 1;
    }
}
