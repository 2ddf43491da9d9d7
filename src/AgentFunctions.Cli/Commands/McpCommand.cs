using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Mcp.SignIn;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Cli.Commands;

/// <summary>
/// <c>mcp</c>, <c>mcp login|logout</c>: signs in to tool servers. A server may be running on the data; it sees the sign-in at
/// once.
/// </summary>
internal static class McpCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static Command Create()
    {
        Command command = List(
            "mcp",
            "List the tool servers: how many tools each has, and until when one is signed in (programs are started for it); "
            + "or sign in to one.");
        command.Add(List("list", "The same as without it."));
        command.Add(Login());
        command.Add(Logout());
        return command;
    }

    private static Command Login()
    {
        var host = new HostOptions();
        Option<string?> workspace = WorkspaceOption();
        Argument<string> name = NameArgument();
        var noBrowser = new Option<bool>("--no-browser") { Description = "Print the address to open, and open nothing." };
        var command = new Command("login",
            "Sign in to a tool server in the browser; the tokens are kept sealed.") { name, noBrowser, workspace };
        host.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(host.Read(parsed, parsed.GetValue(workspace)), async signIn =>
        {
            ToolServerStatus status = await signIn.LoginAsync(
                parsed.GetValue(name)!, (address, _) => ShowAsync(address, !parsed.GetValue(noBrowser)), cancellationToken);
            Console.WriteLine(Terminal.Lines(status.IsSignedIn
                ? $"Signed in to {status.Name}: {Count(status)}{Until(status)}."
                : $"{status.Name} did not ask for a sign-in: {Count(status)}."));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command Logout()
    {
        var host = new HostOptions();
        Option<string?> workspace = WorkspaceOption();
        Argument<string> name = NameArgument();
        var command = new Command("logout", "Forget the sign-in to a tool server.") { name, workspace };
        host.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(host.Read(parsed, parsed.GetValue(workspace)), async signIn =>
        {
            bool was = await signIn.LogoutAsync(parsed.GetValue(name)!, cancellationToken);
            Console.WriteLine(Terminal.Lines(was
                ? $"Signed out of {parsed.GetValue(name)}."
                : $"Nobody was signed in to {parsed.GetValue(name)}."));
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command List(string name, string description)
    {
        var host = new HostOptions();
        Option<string?> workspace = WorkspaceOption();
        var json = new Option<bool>("--json") { Description = "Write JSON." };
        var command = new Command(name, description) { json, workspace };
        host.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(host.Read(parsed, parsed.GetValue(workspace)), async signIn =>
        {
            IReadOnlyList<ToolServerStatus> all = await signIn.ListAsync(cancellationToken);
            Console.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(all, Json)
                : all.Count == 0
                    ? "no tool servers; name a file of them with --mcp-config"
                    : string.Join('\n', all.Select(InWords)));
            return all.All(static one => one.Trouble is null) ? ExitCode.Done : ExitCode.Failed;
        }));
        return command;
    }

    private static async Task<int> RunAsync(AgentHostSettings settings, Func<McpSignIn, Task<int>> act)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { ContentRootPath = settings.ContentRoot });
        builder.AddAgents(settings);
        builder.AddLogs(LogLevel.Error);
        // Not started: the data file may be another process's.
        await using ServiceProvider services = ((ServiceCollection)builder.Services).BuildServiceProvider();
        return await act(services.GetRequiredService<McpSignIn>());
    }

    private static Task ShowAsync(Uri address, bool opens)
    {
        Console.WriteLine($"Open this address to sign in:\n{Terminal.Lines(address.AbsoluteUri)}");
        if (opens)
        {
            Open(address);
        }

        return Task.CompletedTask;
    }

    private static void Open(Uri address)
    {
        try
        {
            using Process? browser = OperatingSystem.IsWindows()
                ? Process.Start(new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true })
                : Process.Start(new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [address.AbsoluteUri])
                {
                    RedirectStandardError = true,
                    RedirectStandardOutput = true,
                });
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            // No browser here: the address stands above.
        }
    }

    private static string InWords(ToolServerStatus server) => Terminal.Lines(
        $"{server.Name,-20} {Count(server),-10} {(server.IsSignedIn ? $"signed in{Until(server)}" : "not signed in")}  {server.Place}{(server.Trouble is null ? "" : $"\n    {server.Trouble}")}");

    private static string Count(ToolServerStatus server) => server.Tools is { } tools
        ? string.Create(CultureInfo.InvariantCulture, $"{tools} tools")
        : "no answer";

    private static string Until(ToolServerStatus server) => (server.SignedInUntil, server.IsRenewed) switch
    {
        ({ } until, false) => string.Create(CultureInfo.InvariantCulture, $" until {until:u}"),
        (_, true) => ", renewed by itself",
        _ => "",
    };

    private static Argument<string> NameArgument() => new("name") { Description = "The server's name in the file." };

    private static Option<string?> WorkspaceOption() => new("--workspace")
    {
        Description = "The workspace whose data folder keeps the sign-in, as given to serve and run.",
        HelpName = "DIR",
    };
}
