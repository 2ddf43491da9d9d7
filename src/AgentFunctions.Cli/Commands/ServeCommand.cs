using System.CommandLine;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.AspNetCore.Doors;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>serve</c>: the HTTP API on the embedded engine.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen, separated by semicolons. Beyond this machine it takes an API key.",
            DefaultValueFactory = static _ => "http://127.0.0.1:7071",
            HelpName = "URLS",
        };
        var workspace = new Option<string?>("--workspace")
        {
            Description = "The folder that every run works in. By default each run gets a folder of its own under --data.",
            HelpName = "DIR",
        };
        var doors = new Option<string?>("--doors")
        {
            Description = $"The protocols to serve beside the HTTP API, separated by commas: {DoorNames.All}, or none. "
                + "By default what the setting Doors:Open says, or all of them.",
            HelpName = "NAMES",
        };
        var key = new HostKey();
        var host = new HostOptions();
        var command = new Command("serve", "Serve the HTTP API on the embedded engine.") { urls, workspace, doors };
        key.AddTo(command);
        host.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            host.Read(parsed, parsed.GetValue(workspace)),
            parsed.GetValue(urls)!.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            key.Read(parsed),
            DoorNames.Read(parsed.GetValue(doors)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        AgentHostSettings settings, string[] urls, string? key, string? doors, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = settings.ContentRoot });
        builder.WebHost.UseUrls(urls);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false);
        builder.AddAgents(settings);
        builder.AddLogs(LogLevel.Information);
        builder.Services.AddAgentFunctionsApi(options => options.Key = key ?? options.Key)
            .AddAgentFunctionsDoors(options => options.Open = doors ?? options.Open);
        await using WebApplication app = builder.Build();
        // Before the data file is opened; the API checks again when it starts.
        ApiOptions options = Options<ApiOptions>(app);
        _ = Options<DoorOptions>(app);
        string? note = HostKey.Note(options.Key is not null || options.Oidc.Count > 0);
        if (note is not null)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        options.EnsureProtected(urls);
        app.MapAgentFunctions();
        app.MapDoors();
        await app.StartAsync(cancellationToken);
        Announce(app, settings, options.Dashboard);
        await app.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Done;
    }

    private static T Options<T>(WebApplication app)
        where T : class
    {
        try
        {
            return app.Services.GetRequiredService<IOptions<T>>().Value;
        }
        catch (OptionsValidationException e)
        {
            throw new AgentException(ErrorCode.InvalidInput, string.Join(" ", e.Failures));
        }
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
