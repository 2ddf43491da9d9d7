using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>The allowed forms of git: those that look, and those that record work in the repository of the workspace.</summary>
/// <remarks>
/// git runs programs that its configuration names: hooks, pagers, editors, filters, drivers, helpers. What has a fixed name is
/// overridden; a repository whose configuration holds a key that is not known to be harmless is refused. Attributes and
/// ignore files of the workspace name no programs. Commands that reach other repositories are no allowed forms.
/// </remarks>
internal sealed class GitForms() : ProgramForms("git", Forms)
{
    private const string DiffFlags =
        "-p -u --patch -s --no-patch --raw --numstat --shortstat --summary --name-only --name-status --minimal --patience --histogram -w -b "
        + "--ignore-all-space --ignore-space-change --ignore-blank-lines --no-renames -R --exit-code --quiet -q --check --color --no-color -z --full-index "
        + "--binary -a --text --merge-base --no-prefix --compact-summary --pickaxe-regex --no-ext-diff --no-textconv --function-context -W";

    private const string DiffAttached =
        "-U --unified --stat --word-diff --color --find-renames -M --find-copies -C --abbrev --relative --dirstat --color-words";

    private const string DiffValued = "--diff-filter -S -G --diff-algorithm";

    private const string LogFlags =
        "--oneline --graph --all --branches --tags --remotes --follow --first-parent --reverse --no-merges --merges --abbrev-commit -i --regexp-ignore-case "
        + "-E -F --topo-order --date-order --left-right --cherry-pick --cherry --boundary --no-decorate --no-notes --full-history --simplify-by-decoration --decorate --count";

    private const string LogValued =
        "-n --max-count --skip --since --until --after --before --author --committer --grep --date -L";

    private static readonly CommandOptions Diff = new(DiffFlags + " --cached --staged", DiffValued, DiffAttached);

    private static readonly CommandOptions Log = new CommandOptions(
        DiffFlags + " " + LogFlags, DiffValued + " " + LogValued, DiffAttached + " --decorate --pretty --format")
    {
        TakesNumber = true,
    };

    private static readonly string[] NoPrograms = ["--no-ext-diff", "--no-textconv"];

    // The option counts before .gitmodules and all configuration.
    private static readonly string[] NoNested = ["--ignore-submodules=all"];

    /// <summary>
    /// Settings of the repository's own configuration that could name a program, or lead elsewhere, and have a fixed name.
    /// </summary>
    private static readonly string[] Overrides =
    [
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.pager=cat", "core.editor=:", "sequence.editor=:",
        "core.askPass=", "core.sshCommand=false",
        "core.gitProxy=", "core.alternateRefsCommand=", "diff.external=", "interactive.diffFilter=", "credential.helper=",
        "commit.gpgSign=false",
        "tag.gpgSign=false", "log.showSignature=false", "gpg.program=false", "gpg.openpgp.program=false",
        "gpg.x509.program=false", "gpg.ssh.program=false",
        "protocol.allow=never", "safe.bareRepository=explicit", "diff.ignoreSubmodules=all", "submodule.recurse=false",
        "status.submoduleSummary=false",
        "gc.auto=0", "maintenance.auto=false", "commit.template=", "core.excludesFile=", "core.attributesFile=",
        "diff.orderFile=/dev/null", "blame.ignoreRevsFile=",
        "rerere.enabled=false", "help.autoCorrect=0",
    ];

    // Options that show what is in the files, beside those that show names or numbers too.
    private static readonly string[] Contents =
        ["-p", "-u", "--patch", "-U", "--unified", "-L", "--word-diff", "--color-words", "-W", "--function-context", "-S", "-G",
            "--binary", "--check"];

    private static IReadOnlyList<CommandForm> Forms { get; } =
    [
        new("status", new("-s --short -b --branch --long -z --ignored -v --show-stash --ahead-behind --no-ahead-behind --no-renames --porcelain -u --no-column", "", "--porcelain --untracked-files -u --ignored --column --find-renames"), Operands.Revisions, FileUse.Names)
        {
            Adds = NoNested,
            UseOf = static parsed => parsed.HasAny("-v") ? FileUse.Reads : FileUse.Names,
        },
        new("diff", Diff, Operands.Revisions, FileUse.Reads)
        {
            Adds = [.. NoPrograms, .. NoNested],
            ShowsObjects = true,
            UseOf = static parsed => parsed.HasAny("--name-only", "--name-status", "--stat", "--numstat", "--shortstat")
                && !parsed.HasAny(Contents) ? FileUse.Names : FileUse.Reads,
        },
        new("log", Log, Operands.Revisions, FileUse.Names)
        {
            Adds = NoPrograms,
            // The file has had other names.
            ShowsOthers = ["--follow"],
            UseOf = static parsed => parsed.HasAny(Contents) ? FileUse.Reads : FileUse.Names,
        },
        new("show", Log, Operands.Revisions, FileUse.Reads)
        {
            Adds = NoPrograms,
            ShowsObjects = true,
            ListsTrees = true,
            ShowsOthers = ["--follow"],
            UseOf = static parsed => parsed.HasAny("-s", "--no-patch") && !parsed.HasAny(Contents)
                && parsed.Operands.All(Revision.IsCommit) ? FileUse.Names : FileUse.Reads,
        },
        new("blame", new("-w -e -s -l -p --porcelain --line-porcelain -t -b --root --no-textconv", "-L --since",
            "-M -C --abbrev"), Operands.Revisions, FileUse.Reads) { Adds = ["--no-textconv"] },
        new("grep", new("-n -i -l -L -c -w -v -E -F -G -P -h -H -a -I -r -q -o --cached --line-number --ignore-case --files-with-matches --name-only --count --word-regexp --no-color --full-name --all-match --and --or --not --heading --break --no-textconv --untracked",
            "-e -A -B -C -m --max-depth --max-count", "--color") { Text = new HashSet<string> { "-e" } },
            Operands.TextThenRevisions, FileUse.Reads) { Adds = ["--no-textconv"], TextOptions = ["-e"], ShowsObjects = true, PastOptions = ["--cached"] },
        new("cat-file", new("-t -s -p -e"), Operands.Revisions, FileUse.Reads)
        {
            TakesObjects = true,
            ListsTrees = true,
            UseOf = static parsed => parsed.HasAny("-t", "-s", "-e") ? FileUse.Names : FileUse.Reads,
        },
        new("ls-files", new("-c -o -m -d -s -z -t -v -k -i -u --cached --others --modified --deleted --stage --ignored --exclude-standard --directory --full-name --error-unmatch --eol", "", "--abbrev"), Operands.Paths, FileUse.Names),
        new("ls-tree", new("-r -t -d -l -z --name-only --name-status --long --full-tree --full-name", "", "--abbrev"),
            Operands.Revisions, FileUse.Names),
        new("rev-parse", new("--show-toplevel --short --abbrev-ref --verify --is-inside-work-tree --git-dir --show-prefix --symbolic-full-name -q --quiet", "", "--short --abbrev-ref"), Operands.Revisions, FileUse.Names),
        new("rev-list", new CommandOptions(LogFlags + " --objects", LogValued, "--abbrev") { TakesNumber = true },
            Operands.Revisions, FileUse.Names),
        new("merge-base", new("--is-ancestor -a --all --octopus --fork-point"), Operands.Revisions, FileUse.Names),
        new("describe", new("--tags --all --always --long --dirty --exact-match --contains --first-parent", "--match --exclude",
            "--dirty --abbrev"), Operands.Revisions, FileUse.Names)
        {
            VisitsNested = static parsed => parsed.HasAny("--dirty"),
        },
        new("shortlog", new CommandOptions("-s -n -e -c --all --no-merges --summary --numbered --email",
            "--since --until --author --group") { TakesNumber = true }, Operands.Revisions, FileUse.Names) { Whole = "HEAD" },
        new("branch", new("-a -r -v -vv -d -D -m --list --show-current --all --remotes --verbose --delete --move --no-color --no-column -i", "--contains --no-contains --merged --no-merged --sort --format --points-at", "--abbrev --color"), Operands.Revisions, FileUse.Names) { UseOf = OfFormat },
        new("tag", new("-l --list -a -d -i -f --delete --annotate --force --no-column",
            "-m --message --contains --merged --no-merged --sort --format --points-at",
            "-n") { Text = new HashSet<string> { "-m", "--message" } }, Operands.Revisions, FileUse.Names) { UseOf = OfFormat },
        new("remote", new("-v --verbose"), Operands.None, FileUse.Names),
        new("stash", new("-p --patch --stat --include-untracked"), Operands.Revisions, FileUse.Reads)
        {
            Adds = [],
            Check = static parsed => parsed.Operands is ["list"] ? null : "only 'git stash list' is among the allowed forms",
            UseOf = static parsed => parsed.HasAny("-p", "--patch") ? FileUse.Reads : FileUse.Names,
        },
        new("add", new("-A -u -n -v -f -N --all --update --dry-run --verbose --force --intent-to-add --no-all --ignore-errors --ignore-removal --renormalize --sparse", "", "--chmod"), Operands.Paths, FileUse.ReadsNamed) { VisitsNested = Always, UseOf = OfAll },
        new("commit", new("-a -q -v -s -n --all --amend --no-edit --quiet --signoff --no-verify --allow-empty --allow-empty-message --dry-run --short --porcelain --reset-author --no-gpg-sign --only -o --include -i --no-status",
            "-m --message --author --date --cleanup", "") { Text = new HashSet<string> { "-m", "--message" } }, Operands.Paths,
            FileUse.ReadsNamed)
        {
            VisitsNested = Always,
            PastOptions = ["-v"],
            UseOf = static parsed => parsed.HasAny("-v") ? FileUse.Reads : OfAll(parsed),
        },
        new("rm", new("-r -f -q -n --cached --force --dry-run --quiet --ignore-unmatch"), Operands.Paths,
            FileUse.Writes) { VisitsNested = Always },
        new("mv", new("-f -k -n -v --force --dry-run --verbose"), Operands.Paths, FileUse.Writes) { VisitsNested = Always },
        new("restore", new("-S -W -q --staged --worktree --quiet --ours --theirs --ignore-unmerged --overlay --no-overlay",
            "-s --source") { Revisions = new HashSet<string> { "-s", "--source" } }, Operands.Paths, FileUse.Writes)
        {
            TakesFromTrees = true,
            VisitsNested = Always,
        },
        new("checkout", new("-q -f --quiet --force --detach -d --ours --theirs --no-track --orphan", "-b -B"), Operands.Revisions,
            FileUse.Writes) { TakesFromTrees = true, UseOf = OfNewBranch, VisitsNested = Always },
        new("switch", new("-q -f --quiet --force --detach -d --discard-changes --no-track",
            "-c -C --create --force-create --orphan"), Operands.Revisions,
            FileUse.Writes) { UseOf = OfNewBranch, VisitsNested = Always },
        new("reset", new("-q --quiet --soft --mixed --hard --keep --merge -N"), Operands.Revisions, FileUse.Names)
        {
            TakesFromTrees = true,
            VisitsNested = Always,
            UseOf = static parsed => parsed.HasAny("--hard", "--keep", "--merge") ? FileUse.Writes : FileUse.Names,
        },
    ];

    // What is added or committed can be shown from then on, whatever it is.
    private static FileUse OfAll(ParsedArguments parsed) =>
        parsed.Operands.Count == 0 && parsed.HasAny("-A", "--all", "-a", "-u", "--update", "--renormalize")
            ? FileUse.Reads
            : FileUse.ReadsNamed;

    private static bool Always(ParsedArguments parsed) => true;

    // The format of a list shows the object that a name stands for, a file's content too.
    private static FileUse OfFormat(ParsedArguments parsed) => parsed.HasAny("--format") ? FileUse.Reads : FileUse.Names;

    // A new branch at the commit of now leaves the files as they are.
    private static FileUse OfNewBranch(ParsedArguments parsed) =>
        parsed.Operands.Count == 0 && parsed.HasAny("-b", "-B", "-c", "-C", "--create", "--force-create")
        && !parsed.HasAny("-f", "--force", "--discard-changes", "--orphan") ? FileUse.Names : FileUse.Writes;

    protected override IReadOnlyDictionary<string, string?> Environment { get; } = new Dictionary<string, string?>
    {
        ["GIT_CONFIG_NOSYSTEM"] = "1",
        ["GIT_CONFIG_SYSTEM"] = Nothing,
        ["GIT_CONFIG_GLOBAL"] = Nothing,
        ["GIT_ATTR_NOSYSTEM"] = "1",
        ["XDG_CONFIG_HOME"] = Nothing,
        ["GIT_TERMINAL_PROMPT"] = "0",
        ["GIT_PAGER"] = "cat",
        ["PAGER"] = "cat",
        ["GIT_EDITOR"] = ":",
        ["GIT_SEQUENCE_EDITOR"] = ":",
        ["EDITOR"] = ":",
        ["VISUAL"] = ":",
        ["GIT_ASKPASS"] = "false",
        ["SSH_ASKPASS"] = "false",
        ["GIT_SSH_COMMAND"] = "false",
        ["GIT_ALLOW_PROTOCOL"] = "none",
        ["GIT_NO_LAZY_FETCH"] = "1",
        ["GIT_OPTIONAL_LOCKS"] = "0",
        ["GIT_EXTERNAL_DIFF"] = null,
        ["EMAIL"] = "agent@localhost",
    };

    private static string Nothing => OperatingSystem.IsWindows() ? "NUL" : "/dev/null";

    protected override IReadOnlyList<string> Before(Workspace workspace) =>
        ["--no-pager", "--literal-pathspecs", .. Overrides.SelectMany(static setting => new[] { "-c", setting })];

    public override CommandPlan Plan(Workspace workspace, IReadOnlyList<string> arguments)
    {
        CommandPlan plan = base.Plan(workspace, arguments);
        if (plan.Refusal is not null || plan.Writes.Count == 0)
        {
            return plan;
        }

        // git changes all that it tracks in a folder, and what it moves has its own name in the folder that takes it.
        bool moves = arguments[0] == "mv";
        IReadOnlyList<string> moved = moves ? Moved(workspace, plan.Writes) : [];
        string name = $"git {arguments[0]}";
        if (moved.FirstOrDefault(path => !IsInside(workspace, path)) is { } outside)
        {
            return Outside(name, outside);
        }

        GoverningPath? governing = plan.Writes.SkipLast(moves ? 1 : 0)
            .Select(path => workspace.ReservedWithin(path, evenMissing: false))
            .Concat(moved.Select(path => workspace.ReservedWithin(path, evenMissing: true)))
            .FirstOrDefault(static one => one is not null);
        return governing is null
            ? plan with { Writes = [.. plan.Writes.Union(moved)] }
            : Refuse(name, $"it may change what is reserved for the host ({governing.What}, '{workspace.Relative(governing.Path)}'); name the paths that are meant");
    }

    private static List<string> Moved(Workspace workspace, IReadOnlyList<string> operands)
    {
        string target = Path.GetFullPath(operands[^1], workspace.Root);
        string[] sources = [.. operands.SkipLast(1)
            .Select(source => Path.TrimEndingDirectorySeparator(Path.GetFullPath(source, workspace.Root)))];
        return Directory.Exists(target)
            ? [.. sources.Select(source => Path.Combine(operands[^1], Path.GetFileName(source)))]
            : [operands[^1]];
    }

    public override async Task<string?> ObstacleAsync(
        Workspace workspace, CommandPlan plan,
        Func<IReadOnlyList<string>, IReadOnlyDictionary<string, string?>, Task<CommandResult>> start,
        CancellationToken cancellationToken)
    {
        CommandResult listed = await start(["--no-pager", "config", "--list", "--name-only", "-z"], Environment)
            .ConfigureAwait(false);
        if (listed.ExitCode != 0)
        {
            return "command: git cannot read the repository's configuration; mend it, or allow 'git:*'.";
        }

        // A key that is not shown could be any.
        if (listed.IsCut)
        {
            return "command: the repository's configuration is too long to be judged, so git is not started. Shorten .git/config, or allow 'git:*'.";
        }

        if (GitLocation.Obstacle(workspace) is { } elsewhere)
        {
            return elsewhere;
        }

        if (GitSettings.Keys(listed.Output).FirstOrDefault(static key => !GitSettings.IsHarmless(key)) is { } key)
        {
            return $"command: the repository's configuration sets '{PathSyntax.Show(key)}', which may run a program or lead out of the workspace, so git is not started. Remove it from .git/config, or allow 'git:*'.";
        }

        return plan.VisitsNested
            ? await NestedRepositories.ObstacleAsync(workspace, own => start(own, Environment), cancellationToken)
                .ConfigureAwait(false)
            : null;
    }
}
