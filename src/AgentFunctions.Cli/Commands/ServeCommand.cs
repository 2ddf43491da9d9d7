using System.CommandLine;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>serve</c>: the HTTP API on the embedded engine.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var options = new ServeOptions();
        var command = new Command("serve", "Serve the HTTP API on the embedded engine.");
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(options.Read(parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ServeSettings settings, CancellationToken cancellationToken)
    {
        await using WebApplication app = ServeHost.Build(settings, LogLevel.Information);
        // Before the data file is opened.
        ApiOptions options = app.ApiOptions();
        string? note = HostKey.Note(options.Key is not null || options.Oidc.Count > 0);
        if (note is not null)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        options.EnsureProtected(settings.Urls);
        app.MapAgentFunctions();
        app.MapDoors();
        await app.StartAsync(cancellationToken);
        Announce(app, settings.Host, options.Dashboard);
        await app.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Done;
    }

    private static void Announce(WebApplication app, AgentHostSettings settings, DashboardOptions dashboard)
    {
        AgentCatalog agents = app.Services.GetRequiredService<AgentCatalog>();
        IReadOnlyList<ModelBinding> models = app.Services.GetRequiredService<IModelCatalog>().Models;
        foreach (AgentFileNote note in agents.Notes)
        {
            Console.Error.WriteLine($"note: {Terminal.Lines(note.ToString())}");
        }

        foreach (AgentResource agent in ActivatorUtilities.CreateInstance<AgentResources>(app.Services).Of(agents).Agents)
        {
            foreach (string note in agent.Notes ?? [])
            {
                Console.Error.WriteLine($"note: agent '{agent.Name}': {Terminal.Lines(note)}");
            }
        }

        foreach (string url in app.Urls)
        {
            Console.WriteLine($"Listening on {url}");
        }

        if (dashboard.Enabled && app.Urls.FirstOrDefault() is { } first)
        {
            Console.WriteLine($"dashboard: {first.TrimEnd('/')}{dashboard.PathBase}/");
        }

        Console.WriteLine($"data: {settings.Data}");
        Console.WriteLine($"agents: {string.Join(", ", agents.Agents.Select(agent => agent.Name))}");
        Console.WriteLine($"models: {string.Join(", ", models.Select(model => model.Name))}");
        if (models is [{ Profile.IsRehearsal: true }, ..])
        {
            Console.WriteLine(RunText.RehearsalNote);
        }
    }
}
