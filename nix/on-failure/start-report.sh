# ExecStopPost= of a microVM, for systemd before 254, whose OnFailure= is silent while Restart= tries again.
[ "$SERVICE_RESULT" = success ] || exec systemctl --no-block start "mvdoctor-failure@$1.service"
