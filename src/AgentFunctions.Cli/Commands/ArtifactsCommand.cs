using System.CommandLine;
using System.Globalization;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>artifacts ID</c>: the files that a run produced.</summary>
internal static class ArtifactsCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var get = new Option<string?>("--get")
        {
            Description = "Write this one to the standard output, or to --output.",
            HelpName = "NAME"
        };
        var output = new Option<FileInfo?>("--output")
        {
            Description = "The file to write; one that is there is not replaced.",
            HelpName = "FILE"
        };
        var server = new ServerOptions();
        var command = new Command("artifacts", "List the files that a run of a server produced, or get one.") { id, get, output };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string run = parsed.GetValue(id)!;
            if (parsed.GetValue(get) is { } name)
            {
                if (parsed.GetValue(output) is { } file)
                {
                    OutputFile.RequireNew(file.FullName);
                    await OutputFile.WriteAsync(
                        file.FullName, replaces: false, to => client.DownloadArtifactAsync(run, name, to, cancellationToken));
                }
                else
                {
                    await using Stream terminal = Console.OpenStandardOutput();
                    await client.DownloadArtifactAsync(run, name, terminal, cancellationToken);
                }

                return ExitCode.Done;
            }

            IReadOnlyList<ArtifactResource> files = (await client.ArtifactsAsync(run, cancellationToken)).Artifacts;
            Console.WriteLine(files.Count == 0 ? "no artifacts" : string.Join('\n', files.Select(Describe)));
            return ExitCode.Done;
        });
        return command;
    }

    private static string Describe(ArtifactResource file) => string.Create(
        CultureInfo.InvariantCulture,
        $"{file.Length,12:N0}  {JournalLine.OneLine(file.MediaType),-24}  {JournalLine.OneLine(file.Name)}");
}
