using System.CommandLine;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>export ID</c>: takes a run of a server along as a file.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run; its whole tree is taken along." };
        var output = new Option<string?>("--output")
        {
            Description = "The file to write; one that is there is not replaced. By default ID.afrun.",
            HelpName = "FILE",
        };
        var server = new ServerOptions();
        var command = new Command("export",
            "Write a run of a server, with its sub-agents, to a file that inspect shows.") { id, output };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string run = parsed.GetValue(id)!;
            string path = Path.GetFullPath(parsed.GetValue(output) ?? $"{run.Split('.')[0]}.afrun");
            OutputFile.RequireNew(path);
            await OutputFile.WriteAsync(
                path, replaces: false,
                file => client.DownloadAsync($"{ApiClient.PathOf(run)}/export", file, cancellationToken));
            Console.WriteLine(Terminal.Lines(path));
            return ExitCode.Done;
        });
        return command;
    }
}
