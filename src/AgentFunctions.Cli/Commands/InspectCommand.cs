using System.CommandLine;
using AgentFunctions.AspNetCore;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Gateway.Exports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>inspect FILE</c>: the dashboard over an exported run, of which nothing can be changed.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The file that export wrote." };
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen on this machine; by default a free port.",
            DefaultValueFactory = static _ => "http://127.0.0.1:0",
            HelpName = "URL",
        };
        var command = new Command("inspect",
            "Check an exported run and show it in the dashboard; nothing of it can be changed.") { file, urls };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(file)!, parsed.GetValue(urls)!,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string file, string urls, CancellationToken cancellationToken)
    {
        ExportedRun exported = await ExportedRun.OpenAsync(file, cancellationToken);
        // Private to this user; it goes when the program ends.
        DirectoryInfo folder = Directory.CreateTempSubdirectory("agentfunctions-inspect-");
        try
        {
            WebApplicationBuilder builder =
                WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = folder.FullName });
            // Settings of this machine's hosts, such as keys and retention, have nothing to do with it.
            builder.Configuration.Sources.Clear();
            builder.Configuration.AddInMemoryCollection();
            builder.WebHost.UseUrls(urls);
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false);
            builder.AddAgents(new AgentHostSettings(folder.FullName, null, null, [], []) { ContentRoot = folder.FullName });
            builder.Services.AddExportedRun(exported);
            builder.AddLogs(LogLevel.Warning);
            builder.Services.AddAgentFunctionsApi();
            await using WebApplication app = builder.Build();
            ApiOptions options = app.Services.GetRequiredService<IOptions<ApiOptions>>().Value;
            options.EnsureProtected([urls]);
            app.MapAgentFunctions();
            await app.StartAsync(cancellationToken);
            string url = app.Urls.First();
            Console.WriteLine($"run: {exported.Run}, exported {exported.ExportedAt:u} by {Terminal.Lines(exported.ExportedBy)}");
            Console.WriteLine($"whole: {exported.Parts} parts, signed by the key {Terminal.Lines(exported.Kid)}; `agentfunctions audit keys` of its host names its keys");
            Console.WriteLine($"Listening on {url}");
            Console.WriteLine($"dashboard: {url.TrimEnd('/')}{options.Dashboard.PathBase}/runs/{exported.Run}");
            await app.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Done;
        }
        finally
        {
            folder.Delete(true);
        }
    }
}
