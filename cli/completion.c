/* gordian completion: the completion of a shell, made of the descriptions of the subcommands. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"

/* ---- bash ---- */

/* The part that is the same for all. _gordian_options and _gordian_kind, made of the tables, come before it.
 */
static const char bash_rest[] =
    "# What may stand for a value or an operand of this kind: \"file\", \"word stop abort\", ...\n"
    "_gordian_value() {\n"
    "    local kind=$1 cur=$2\n"
    "    case $kind in\n"
    "        file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
    "        folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
    "        recording)\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"; compgen -f -X '!*.rec' -- \"$cur\") ;;\n"
    "        word\\ *) mapfile -t COMPREPLY < <(compgen -W \"${kind#word }\" -- \"$cur\") ;;\n"
    "        words\\ *)\n"
    "            local done=\n"
    "            [[ $cur != *,* ]] || done=${cur%,*},\n"
    "            mapfile -t COMPREPLY < <(compgen -P \"$done\" -W \"${kind#words }\" -- \"${cur##*,}\") ;;\n"
    "        process)\n"
    "            mapfile -t COMPREPLY < <(compgen -W \"$(\"${COMP_WORDS[0]}\" ps 2>/dev/null |\n"
    "                sed -n 's/^\\([0-9][0-9]*\\) .*/\\1/p')\" -- \"$cur\") ;;\n"
    "        name) mapfile -t COMPREPLY < <(compgen -W \"$(_gordian_options '')\" -- \"$cur\") ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_gordian() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-} before= kind= i\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$(_gordian_options '') --help --version\" -- \"$cur\")\n"
    "        return\n"
    "    fi\n"
    "    # The words up to the cursor: the option that waits for a value, and where the operands begin.\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        if [[ ${COMP_WORDS[i]} == = ]]; then continue; fi # \"--json=x\" comes as three words\n"
    "        if [[ -n $before && ( ${COMP_WORDS[i - 1]} == \"$before\" || ${COMP_WORDS[i - 1]} == = ) ]]; "
    "then\n"
    "            before=\n"
    "            continue\n"
    "        fi\n"
    "        before=\n"
    "        case ${COMP_WORDS[i]} in\n"
    "            --) ((i++)); break ;;\n"
    "            --*) [[ -z $(_gordian_kind \"$command\" \"${COMP_WORDS[i]}\") ]] || before=${COMP_WORDS[i]} "
    ";;\n"
    "            *) [[ $(_gordian_kind \"$command\" '') != program ]] || break ;;\n"
    "        esac\n"
    "    done\n"
    "    kind=$(_gordian_kind \"$command\" '')\n"
    "    if [[ $kind == program ]] && { ((i < COMP_CWORD)) || [[ ${COMP_WORDS[i - 1]} == -- ]]; }; then\n"
    "        if ((i < COMP_CWORD)) && declare -F _command_offset >/dev/null; then\n"
    "            _command_offset \"$i\" # the program's own completion\n"
    "        elif ((i < COMP_CWORD)); then\n"
    "            _gordian_value file \"$cur\"\n"
    "        else\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            mapfile -t COMPREPLY < <(compgen -c -- \"$cur\"; compgen -f -- \"$cur\")\n"
    "        fi\n"
    "        return\n"
    "    fi\n"
    "    [[ $cur != = ]] || cur=\n"
    "    if [[ -n $before ]]; then\n"
    "        _gordian_value \"$(_gordian_kind \"$command\" \"$before\")\" \"$cur\"\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$(_gordian_options \"$command\") --help\" -- \"$cur\")\n"
    "    elif [[ $kind == program ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -c -- \"$cur\"; compgen -f -- \"$cur\")\n"
    "    else\n"
    "        _gordian_value \"$kind\" \"$cur\"\n"
    "    fi\n"
    "}\n"
    "complete -F _gordian gordian\n";

static void print_kind(enum command_value kind, const char *words) {
    static const char *const names[] = {
        [COMMAND_NOTHING] = "any",     [COMMAND_FILE] = "file",           [COMMAND_FOLDER] = "folder",
        [COMMAND_WORD] = "word",       [COMMAND_WORDS] = "words",         [COMMAND_PROGRAM] = "program",
        [COMMAND_PROCESS] = "process", [COMMAND_RECORDING] = "recording", [COMMAND_NAME] = "name"};
    printf("'%s%s%s'", names[kind], words ? " " : "", words ? words : "");
}

static int print_bash(void) {
    puts("# Completion of gordian(1) for bash: eval \"$(gordian completion bash)\"\n"
         "\n"
         "# The options of a subcommand; of none: the subcommands.\n"
         "_gordian_options() {\n"
         "    case $1 in");
    fputs("        '') echo '", stdout);
    for (const struct command *const *command = commands_all; *command; command++)
        printf("%s%s", command == commands_all ? "" : " ", (*command)->name);
    puts("' ;;");
    for (const struct command *const *command = commands_all; *command; command++) {
        struct command_cursor at = {0};
        const struct command_option *row;
        printf("        %s) echo '", (*command)->name);
        for (bool first = true; (row = command_next_option(*command, &at)); first = false)
            printf("%s--%s", first ? "" : " ", row->name);
        puts("' ;;");
    }
    puts("    esac\n"
         "}\n"
         "\n"
         "# What the value of an option is, nothing where it takes none; of no option: what the operands "
         "are.\n"
         "_gordian_kind() {\n"
         "    case $1:$2 in");
    for (const struct command *const *command = commands_all; *command; command++) {
        struct command_cursor at = {0};
        const struct command_option *row;
        while ((row = command_next_option(*command, &at)))
            if (row->value) {
                printf("        %s:--%s) echo ", (*command)->name, row->name);
                print_kind(row->kind, row->words);
                puts(" ;;");
            }
        printf("        %s:) echo ", (*command)->name);
        print_kind((*command)->operands, NULL);
        puts(" ;;");
    }
    puts("    esac\n"
         "}\n");
    fputs(bash_rest, stdout);
    return 0;
}

/* ---- zsh ---- */

/* A text inside the single quotes of a specification, in which brackets and colons mean something. */
static void print_quoted(const char *text) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        else if (strchr("[]:\\", *text))
            putchar('\\');
        putchar(*text);
    }
}

static void print_zsh_action(enum command_value kind, const char *words) {
    switch (kind) {
    case COMMAND_FILE:
        fputs("_files", stdout);
        break;
    case COMMAND_FOLDER:
        fputs("_files -/", stdout);
        break;
    case COMMAND_WORD:
        printf("(%s)", words);
        break;
    case COMMAND_WORDS:
        printf("_sequence compadd - %s", words);
        break;
    case COMMAND_PROCESS:
        fputs("_gordian_processes", stdout);
        break;
    case COMMAND_RECORDING:
        fputs("_files -g \"*.rec\"", stdout);
        break;
    case COMMAND_NAME:
        fputs("_gordian_commands", stdout);
        break;
    default:
        putchar(' ');
    }
}

static void print_zsh_command(const struct command *command) {
    struct command_cursor at = {0};
    const struct command_option *row;
    printf("        %s)\n            _arguments -S", command->name);
    while ((row = command_next_option(command, &at))) {
        printf(" \\\n                '--%s%s[", row->name, row->value ? "=" : "");
        print_quoted(row->help);
        putchar(']');
        if (row->value) {
            putchar(':');
            print_quoted(row->value);
            putchar(':');
            print_zsh_action(row->kind, row->words);
        }
        putchar('\'');
    }
    fputs(" \\\n                '(- *)--help[show the options, with examples]'", stdout);
    if (command->operands == COMMAND_PROGRAM) {
        fputs(" \\\n                '(-)1:program: _command_names -e' '*::arguments: _normal'", stdout);
    } else if (command->operands != COMMAND_NOTHING) {
        printf(" \\\n                '%s:operand:", command->operands == COMMAND_RECORDING ? "*" : "1");
        print_zsh_action(command->operands, NULL);
        putchar('\'');
    }
    puts(" ;;");
}

static int print_zsh(void) {
    puts("#compdef gordian\n"
         "# Completion of gordian(1) for zsh, as _gordian in a directory of $fpath.\n"
         "\n"
         "_gordian_commands() {\n"
         "    local -a commands=(");
    for (const struct command *const *command = commands_all; *command; command++) {
        printf("        '%s:", (*command)->name);
        print_quoted((*command)->summary);
        puts("'");
    }
    puts("    )\n"
         "    _describe -t commands subcommand commands\n"
         "}\n"
         "\n"
         "_gordian_processes() {\n"
         "    local -a processes=(${(f)\"$(gordian ps 2>/dev/null | sed -n 's/^\\([0-9][0-9]*\\)  "
         "\\(.*\\)/\\1:\\2/p')\"})\n"
         "    _describe -t processes process processes\n"
         "}\n"
         "\n"
         "_gordian() {\n"
         "    local curcontext=$curcontext state line\n"
         "    typeset -A opt_args\n"
         "    _arguments -C '(- *)--help[show what gordian can do]' '(- *)--version[print the version]' \\\n"
         "        '1: :_gordian_commands' '*:: :->rest'\n"
         "    [[ $state == rest ]] || return\n"
         "    curcontext=${curcontext%:*:*}:gordian-$words[1]:\n"
         "    case $words[1] in");
    for (const struct command *const *command = commands_all; *command; command++)
        print_zsh_command(*command);
    puts("    esac\n"
         "}\n"
         "\n"
         "if [[ $funcstack[1] == _gordian ]]; then\n"
         "    _gordian \"$@\"\n"
         "else\n"
         "    compdef _gordian gordian\n"
         "fi");
    return 0;
}

static int call(int argc, char **argv) {
    int key;
    while ((key = options_next_anywhere(argc, argv, &command_completion)) != OPTIONS_END)
        return key == OPTIONS_HELP ? commands_help(&command_completion) : CLI_FAILED;
    if (argc - optind == 1 && strcmp(argv[optind], "bash") == 0)
        return print_bash();
    if (argc - optind == 1 && strcmp(argv[optind], "zsh") == 0)
        return print_zsh();
    return cli_fail("completion", argc == optind ? "no shell is given" : "no completion for that shell",
                    "there is one for bash and one for zsh");
}

const struct command command_completion = {
    .name = "completion",
    .usage = "bash|zsh",
    .summary = "the completion of a shell",
    .about = "Write the completion of bash or zsh to standard output. An installation puts it where the "
             "shells look "
             "for it; without one, the shell can be told.",
    .operands = COMMAND_NOTHING,
    .examples = {{"eval \"$(gordian completion bash)\"", "in ~/.bashrc"},
                 {"source <(gordian completion zsh)", "in ~/.zshrc, after compinit"}},
    .call = call,
};
