using System.Diagnostics;
using System.Text.Json;
using AgentFunctions.Snapshots;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Benchmarks.Folders;

/// <summary>
/// What going through a folder of 20,000 entries costs after a command, beside the floor: asking the system about each of the
/// same entries.
/// </summary>
internal static class FolderBenchmark
{
    private const int Folders = 400;
    private const int FilesOfEach = 48;
    private const int Rounds = 9;

    public static int Run()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("agentfunctions-");
        try
        {
            Fill(folder.FullName);
            var workspace = new Workspace(folder.FullName);
            var floors = new double[Rounds];
            var walks = new double[Rounds];
            for (int round = -2; round < Rounds; round++)
            {
                double floor = Took(() => Look(folder.FullName));
                double walk = Took(() => FolderWalk.Make(workspace, static () => false, CancellationToken.None).Entries.Count);
                if (round >= 0)
                {
                    (floors[round], walks[round]) = (floor, walk);
                }
            }

            Array.Sort(floors);
            Array.Sort(walks);
            double ratio = walks[Rounds / 2] / floors[Rounds / 2];
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                benchmark = "folder",
                entries = (Folders * (FilesOfEach + 1)) + (Folders / 20),
                floorMs = Math.Round(floors[Rounds / 2], 1),
                walkMs = Math.Round(walks[Rounds / 2], 1),
                ratio = Math.Round(ratio, 2),
            }));
            return ratio < 3 ? 0 : 1;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Fill(string root)
    {
        for (int at = 0; at < Folders; at++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(root, $"area{at / 20}", $"part{at}")).FullName;
            for (int file = 0; file < FilesOfEach; file++)
            {
                File.WriteAllText(Path.Combine(folder, $"file{file}.txt"), "some text");
            }
        }
    }

    private static int Look(string root)
    {
        int entries = 0;
        foreach (string path in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories))
        {
            entries += EntryLook.Of(path).Kind == EntryKind.Missing ? 0 : 1;
        }

        return entries;
    }

    private static double Took(Func<int> act)
    {
        long start = Stopwatch.GetTimestamp();
        return act() >= Folders * FilesOfEach
            ? Stopwatch.GetElapsedTime(start).TotalMilliseconds
            : throw new InvalidOperationException("Entries of the folder were not seen.");
    }
}
