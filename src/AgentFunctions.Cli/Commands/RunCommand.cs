using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>run "goal"</c>: one goal in the foreground. The same command takes an unfinished run up again.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var goal = new Argument<string>("goal") { Description = "What is to be reached, in words." };
        var agent = new Option<string?>("--agent")
        {
            Description = "The agent; may be left out where there is only one.",
            HelpName = "NAME"
        };
        var workspace = new Option<string>("--workspace")
        {
            Description = "The folder that the agent works in.",
            DefaultValueFactory = static _ => ".",
            HelpName = "DIR",
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var host = new HostOptions();
        var command = new Command(
            "run", "Run one goal in the foreground. Interrupted or killed, the same command takes the same run up again.")
        {
            goal, agent, workspace, json,
        };
        host.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            host.Read(parsed, parsed.GetValue(workspace)),
            new RunRequest { Goal = parsed.GetValue(goal), Agent = parsed.GetValue(agent) },
            RunOutput.For(parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        AgentHostSettings settings, RunRequest request, IRunOutput output, CancellationToken cancellationToken)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { ContentRootPath = settings.ContentRoot });
        builder.AddAgents(settings);
        builder.AddLogs(LogLevel.Warning);
        using IHost host = builder.Build();
        IServiceProvider services = host.Services;
        foreach (AgentFileNote note in services.GetRequiredService<AgentCatalog>().Notes)
        {
            Console.Error.WriteLine($"note: {Terminal.Lines(note.ToString())}");
        }

        await host.StartAsync(cancellationToken);
        string? id = null;
        try
        {
            (Run run, bool resumed) = await services.GetRequiredService<AgentGateway>()
                .SubmitOrResumeAsync(request, KeyOf(request, settings), cancellationToken: cancellationToken);
            id = run.Id;
            var resources = new RunResources(services.GetRequiredService<IModelCatalog>());
            output.Begin(resources.Of(run), resumed ? "resuming " : "starting ");
            if (output is LiveOutput live && !Console.IsInputRedirected)
            {
                live.Prompts = new ForegroundPrompts(
                    new WaitingInHost(services.GetRequiredService<QuestionService>(),
                        services.GetRequiredService<ApprovalService>()),
                    Console.In, Console.Out);
            }

            RunReader reader = services.GetRequiredService<RunReader>();
            await output.FollowAsync(
                Follow(services, id, output.IsLive, cancellationToken),
                async token => resources.Of(await reader.GetAsync(run.Id, token)),
                cancellationToken);
            run = await reader.GetAsync(id, cancellationToken);
            output.End(resources.Of(run));
            return ExitCode.Of(run.Status);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine(id is null ? "interrupted" : $"interrupted; the same command resumes run {id}");
            return ExitCode.Interrupted;
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private static IAsyncEnumerable<RunSignal> Follow(IServiceProvider services, string id, bool isLive,
        CancellationToken cancellationToken) => isLive
        ? services.GetRequiredService<LiveFeed>().FollowAsync(id, cancellationToken: cancellationToken)
        : services.GetRequiredService<RunFeed>().FollowAsync(id, 0, cancellationToken)
            .Select(static RunSignal (recorded) => new JournalSignal(recorded.Position, recorded.Event));

    /// <summary>The same goal for the same agent in the same folder is the same work.</summary>
    private static string KeyOf(RunRequest request, AgentHostSettings settings) =>
        "run-" + Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
            new[] { request.Goal, request.Agent, settings.Workspace })));
}
