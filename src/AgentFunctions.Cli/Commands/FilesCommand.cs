using System.CommandLine;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>files ID [PATH]</c>: what was in the folder of a run of a server, or what one of its files held.</summary>
internal static class FilesCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var path = new Argument<string?>("path")
        {
            Description = "The file to get; without it the files are listed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var turn = new Option<int?>("--turn")
        {
            Description = "At the end of this turn; by default the last. 0 is before the first.",
            HelpName = "TURN",
        };
        var output = new Option<string?>("--output")
        {
            Description = "Write the file here, which must not exist yet; by default to the terminal.",
            HelpName = "FILE",
        };
        var server = new ServerOptions();
        var command = new Command("files", "List the files of a run of a server as they were at the end of a turn, or get one.")
        {
            id, path, turn, output,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            if (parsed.GetValue(path) is { } file)
            {
                await GetAsync(
                    client, parsed.GetValue(id)!, file, parsed.GetValue(turn), parsed.GetValue(output), cancellationToken);
                return ExitCode.Done;
            }

            FilesResource files = await client.ListFilesAsync(parsed.GetValue(id)!, parsed.GetValue(turn), cancellationToken);
            foreach ((string name, FileResource entry) in files.Files)
            {
                Console.WriteLine(Terminal.Lines($"{entry.Mode ?? "   "}  {name}{FolderText.Of(entry)}"));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static async Task GetAsync(
        ApiClient client, string id, string path, int? turn, string? output, CancellationToken cancellationToken)
    {
        // The content is written only once it is complete: a download that broke off must not look like the file.
        FilesResource files = await client.ListFilesAsync(id, turn, cancellationToken);
        if (files.Files.GetValueOrDefault(path) is not { Sha256: { } sha256, Kept: true })
        {
            throw new AgentException(
                ErrorCode.ArtifactNotFound,
                $"path: run '{id}' had no file '{path}' at the end of turn {files.Turn}, or its content was not kept.");
        }

        using var content = new MemoryStream();
        await client.DownloadFileAsync(id, sha256, content, cancellationToken);
        content.Position = 0;
        if (output is null)
        {
            await using Stream terminal = Console.OpenStandardOutput();
            await content.CopyToAsync(terminal, cancellationToken);
            return;
        }

        OutputFile.RequireNew(output);
        await OutputFile.WriteAsync(output, replaces: false, file => content.CopyToAsync(file, cancellationToken));
    }
}
